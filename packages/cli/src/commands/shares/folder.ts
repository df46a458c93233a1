import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { listCommand } from '../admin/list-command.js'
import {
  activateCommand,
  deactivateCommand,
  disableCommand,
  enableCommand,
  removeCommand,
  renameCommand,
} from './state.js'

interface Flags extends AccessFlags {
  readonly parent?: string
  readonly code?: string
  readonly name?: string
}

const words = {
  kind: 'folder',
  example: 'seagull',
  disabling: 'lets a folder be used no more; its jobs wait',
  removing: 'ends the sharing of a folder and aborts its jobs; files stay',
} as const

const add = withAccess(new Command('add'))
  .summary('shares a directory')
  .description(
    'Makes a directory beneath a volume a folder that can be shared; "waybill grant" says with whom. ' +
      'The directory is made when it is not there.',
  )
  .argument('<path>', 'beneath the default volume, or as volume=CODE/...')
  .option('--parent <share>', 'volume or folder that the path is beneath')
  .option('--code <code>', 'how paths name it: folder=CODE/...; made from the name or path when absent')
  .option('--name <name>', 'name as shown')
  .addHelpText('after', '\nExample:\n  waybill folder add volume=storage/shows/seagull --name "Sea Gull"')
  .action(async (path: string, { parent, code, name, ...flags }: Flags) => {
    const given = { ...(parent && { parent }), ...(code && { code }), ...(name && { name }) }
    const folder = await withSession(flags, (session) => session.create('Folder', { path, ...given }))
    process.stdout.write(`${folder.id}  folder=${folder.code}/\n`)
  })

export const command = new Command('folder')
  .description('Folders: directories beneath volumes that are shared with users.')
  .addCommand(add)
  .addCommand(listCommand('folder', 'Lists the folders'))
  .addCommand(renameCommand(words))
  .addCommand(enableCommand(words))
  .addCommand(disableCommand(words))
  .addCommand(deactivateCommand(words))
  .addCommand(activateCommand(words))
  .addCommand(removeCommand(words))
