import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { printable } from '../../output/printable.js'
import { listCommand } from '../admin/list-command.js'
import { findOf } from './find-share.js'
import { assign, deassign, servers } from './serving.js'
import {
  activateCommand,
  deactivateCommand,
  disableCommand,
  enableCommand,
  removeCommand,
  renameCommand,
} from './state.js'

interface Flags extends AccessFlags {
  readonly agent: string
  readonly name?: string
  readonly default?: true
}

const add = withAccess(new Command('add'))
  .summary('adds a volume')
  .description('Adds a volume: a directory that an agent of the type server serves.')
  .argument('<code>', 'how paths name it: volume=CODE/...')
  .argument('<path>', "the directory, absolute, on the agent's machine")
  .requiredOption('--agent <host>', 'the agent that serves it: its name, or its id')
  .option('--name <name>', 'name as shown; the code when absent')
  .option('--default', 'relative paths lie here from now on')
  .addHelpText('after', '\nExample:\n  waybill volume add projects /mnt/raid/projects --agent storage-1')
  .action(async (code: string, path: string, flags: Flags) => {
    await withSession(flags, async (session) => {
      const { id: server } = await findOf(session, 'server', flags.agent)
      const volumes = await session.find('Volume')
      const there = volumes.find((volume) => volume.code.toLowerCase() === code.toLowerCase())
      const fields = {
        path,
        server,
        ...(flags.name === undefined ? {} : { name: flags.name }),
        // Exactly one is the default: the first, until another is made it.
        ...(flags.default === true || volumes.length === 0 ? { default: true } : {}),
      }
      // The volume that an installation starts with waits for a server: adding it gives it one.
      const volume =
        there?.server === null
          ? await session.update('Volume', there.id, fields)
          : await session.create('Volume', { code, name: code, ...fields })
      process.stdout.write(`${volume.id}\n`)
    })
  })

const words = {
  kind: 'volume',
  example: 'projects',
  disabling: 'lets a volume be used no more; its jobs wait',
  removing: 'deletes a volume with what is shared beneath it, and aborts its jobs; files stay',
} as const

const makeDefault = withAccess(new Command('default'))
  .summary('makes a volume the one where relative paths lie')
  .argument('<volume>', 'code or id')
  .addHelpText('after', '\nExample:\n  waybill volume default projects')
  .action(async (reference: string, flags: AccessFlags) => {
    await withSession(flags, async (session) => {
      const { id, code } = await findOf(session, 'volume', reference)
      await session.update('Volume', id, { default: true })
      process.stdout.write(`${printable(code)} is the default volume.\n`)
    })
  })

export const command = new Command('volume')
  .description('Volumes: directories that servers serve.')
  .addCommand(add)
  .addCommand(listCommand('volume', 'Lists the volumes and whether they can be used'))
  .addCommand(assign)
  .addCommand(deassign)
  .addCommand(servers)
  .addCommand(makeDefault)
  .addCommand(renameCommand(words))
  .addCommand(enableCommand(words))
  .addCommand(disableCommand(words))
  .addCommand(deactivateCommand(words))
  .addCommand(activateCommand(words))
  .addCommand(removeCommand(words))
