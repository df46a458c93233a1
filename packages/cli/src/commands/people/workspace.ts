import { isAbsolute } from 'node:path'
import { addWorkspace, listWorkspaces, type WorkspaceInfo } from '@waybill/server'
import { Command } from 'commander'
import { badInput } from '../../exit.js'
import { type ListFlags, printList, withJson } from '../../output/list.js'
import { printable } from '../../output/printable.js'
import { type DataFlags, withDataDirectory, withStore } from './data-directory.js'

interface AddFlags extends DataFlags {
  readonly admin: string
  readonly storage?: string
}

const add = withDataDirectory(new Command('add'))
  .summary('makes one more workspace')
  .description(
    'Makes one more workspace in an installation: users, storage and jobs of its own. Prints the API key of its ' +
      'admin where the account has none yet. Works while the server runs.',
  )
  .argument('<code>', 'how it is named in logins')
  .requiredOption('--admin <email>', 'its first admin; an account that is here already keeps its keys')
  .option('--storage <dir>', 'directory of its default volume, on the machine that will serve it')
  .addHelpText('after', '\nExample:\n  waybill workspace add sound --admin lisa@example.com --data ./waybill')
  .action(async (code: string, flags: AddFlags) => {
    const { admin, storage } = flags
    if (storage !== undefined && !isAbsolute(storage) && !/^[A-Za-z]:[\\/]/.test(storage))
      throw badInput('--storage takes an absolute path on the machine that will serve it')
    const made = await withStore(flags, (store) =>
      addWorkspace(store, { code, admin, ...(storage === undefined ? {} : { storage }) }),
    )
    process.stdout.write(`${made.id}  ${printable(made.code)}\n`)
    if (made.apiKey !== undefined) process.stdout.write(`API key of ${printable(admin)}: ${made.apiKey}\n`)
    else process.stdout.write(`${printable(admin)} logs in with the API keys of before.\n`)
  })

const list = withJson(withDataDirectory(new Command('list')))
  .summary('lists the workspaces of an installation')
  .addHelpText('after', '\nExample:\n  waybill workspace list --data ./waybill')
  .action(async (flags: DataFlags & ListFlags) => {
    const found = (await withStore(flags, listWorkspaces)).map((one) => ({
      ...one,
      created: new Date(one.created),
    }))
    type Row = Omit<WorkspaceInfo, 'created'> & { readonly created: Date }
    const columns = (['code', 'name', 'status', 'users', 'admins', 'created'] as const).map((name) => ({
      head: name.toUpperCase(),
      value: (row: Row): unknown => (name === 'admins' ? row.admins.join(' ') : row[name]),
    }))
    printList(found, columns, flags)
  })

export const command = new Command('workspace')
  .description(
    'Workspaces of an installation on this machine. These commands work on the database itself and need its ' +
      'directory, not a login.',
  )
  .addCommand(add)
  .addCommand(list)
