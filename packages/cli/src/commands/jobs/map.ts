import type { Mapping } from '@waybill/sdk'
import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { type ListFlags, printList, withJson } from '../../output/list.js'
import { printable } from '../../output/printable.js'
import type { Column } from '../../output/table.js'
import { agentOption, ownDirectory, ownMachine } from './own-machine.js'

interface AddFlags extends AccessFlags {
  readonly read?: true
  readonly write?: true
  readonly agent?: string
}

const columns: readonly Column<Mapping>[] = [
  { head: 'USER', value: ({ user_hr }) => user_hr },
  { head: 'AGENT', value: ({ client_hr }) => client_hr },
  { head: 'SHARE', value: ({ share_hr }) => share_hr },
  { head: 'DIRECTORY', value: ({ path }) => path },
  {
    head: 'OTHERS MAY',
    value: ({ read, write }) => [read && 'pull', write && 'push'].filter(Boolean).join(', '),
  },
]

const add = withAccess(new Command('add'))
  .summary('maps a share')
  .description(
    'Maps a share to a directory of this machine. Operators may pull from it and push to it as you allow; with ' +
      '--write, files of the share that are sent to you go to the same place in that directory.',
  )
  .argument('<share>', 'code of a volume, folder or home, or as in folder=trailers; ~ is your home')
  .argument('<directory>', 'a directory that is there')
  .option('--read', 'operators may pull from it')
  .option('--write', 'operators may push to it')
  .addOption(agentOption())
  .addHelpText('after', '\nExample:\n  waybill map add folder=trailers ./trailers --read --write')
  .action(async (share: string, directory: string, flags: AddFlags) => {
    await withSession(flags, async (session) => {
      const { path, client } = await ownDirectory(session, directory, flags.agent)
      const { read = false, write = false } = flags
      await session.mappings.put(share, path, { read, write, ...(client === undefined ? {} : { client }) })
      const may = read && write ? 'pull and push' : read ? 'pull' : write ? 'push' : 'do nothing there'
      process.stdout.write(`${printable(share)} is mapped to ${printable(path)}; operators may ${may}.\n`)
    })
  })

const list = withJson(withAccess(new Command('list')))
  .summary('lists mapped shares')
  .description('Lists your mapped shares; operators see those of others, too.')
  .addHelpText('after', '\nExample:\n  waybill map list')
  .action(async (flags: AccessFlags & ListFlags) => {
    await withSession(flags, async (session) => printList(await session.mappings.list(), columns, flags))
  })

const remove = withAccess(new Command('remove'))
  .summary('takes a mapping back')
  .description('Takes the mapping of a share on this machine back. The files stay.')
  .argument('<share>', 'as it was mapped')
  .addOption(agentOption())
  .addHelpText('after', '\nExample:\n  waybill map remove folder=trailers')
  .action(async (share: string, flags: AddFlags) => {
    await withSession(flags, async (session) => {
      const client = await ownMachine(session, flags.agent)
      await session.mappings.remove(share, client === undefined ? {} : { client })
      process.stdout.write(`${printable(share)} is no longer mapped.\n`)
    })
  })

export const command = new Command('map')
  .description('Shares that are mapped to directories of your machines.')
  .addCommand(add)
  .addCommand(list)
  .addCommand(remove)
