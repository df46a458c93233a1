import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { printable } from '../../output/printable.js'
import { findOf } from '../shares/find-share.js'
import { disableCommand, enableCommand, removeCommand, renameCommand } from '../shares/state.js'
import { listCommand } from './list-command.js'

const words = {
  kind: 'client',
  example: 'edit-1',
  disabling: 'lets an agent do nothing; its jobs wait',
  removing: 'forgets an agent that is offline, and aborts its jobs',
} as const

const move = withAccess(new Command('move'))
  .summary('moves a server to another site, with the volumes that it serves')
  .argument('<agent>', 'an agent of the type server: its name, or its id')
  .argument('<site>', 'code or id')
  .addHelpText('after', '\nExample:\n  waybill client move oslo-1 oslo')
  .action(async (agent: string, name: string, flags: AccessFlags) => {
    await withSession(flags, async (session) => {
      const server = await findOf(session, 'server', agent)
      const site = await findOf(session, 'site', name)
      await session.update('Server', server.id, { site: site.id })
      process.stdout.write(`${printable(`${server.code} belongs to ${site.code}`)}\n`)
    })
  })

export const command = new Command('client')
  .description('Agents, and where they run. They register by themselves; see "waybill agent".')
  .addCommand(listCommand('client', 'Lists agents and whether they are connected'))
  .addCommand(renameCommand(words))
  .addCommand(enableCommand(words))
  .addCommand(disableCommand(words))
  .addCommand(move)
  .addCommand(removeCommand(words))
