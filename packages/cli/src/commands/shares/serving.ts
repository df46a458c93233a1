import type { Assignment } from '@waybill/sdk'
import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { shortName } from '../../output/columns.js'
import { type ListFlags, printList, withJson } from '../../output/list.js'
import { printable } from '../../output/printable.js'
import { findOf } from './find-share.js'

/** `waybill volume assign`, `deassign`, `servers`: which agents serve a volume, each at its site. */
export const assign = servingCommand(
  'assign',
  "has an agent serve a volume at the agent's site, instead of whichever did",
  'is served by',
)

export const deassign = servingCommand(
  'deassign',
  'has an agent serve a volume no longer',
  'is no longer served by',
)

function servingCommand(name: 'assign' | 'deassign', summary: string, done: string): Command {
  return withAccess(new Command(name))
    .summary(summary)
    .argument('<volume>', 'code or id')
    .argument('<agent>', 'an agent of the type server: its name, or its id')
    .addHelpText('after', `\nExample:\n  waybill volume ${name} storage oslo-1`)
    .action(async (volume: string, agent: string, flags: AccessFlags) => {
      await withSession(flags, async (session) => {
        const { id, code } = await findOf(session, 'volume', volume)
        const server = await findOf(session, 'server', agent)
        await session.shares[name](id, server.id)
        process.stdout.write(`${printable(`${code} ${done} ${server.code}`)}\n`)
      })
    })
}

const columns = [
  { head: 'SITE', value: ({ site_hr }: Assignment) => shortName(site_hr) },
  { head: 'SERVER', value: ({ client_hr }: Assignment) => shortName(client_hr) },
  { head: 'PATH', value: ({ path }: Assignment) => path },
]

export const servers = withJson(withAccess(new Command('servers')))
  .summary('lists the agents that serve a volume')
  .argument('<volume>', 'code or id')
  .addHelpText('after', '\nExample:\n  waybill volume servers storage')
  .action(async (volume: string, flags: AccessFlags & ListFlags) => {
    const found = await withSession(flags, async (session) => {
      const { id } = await findOf(session, 'volume', volume)
      return await session.shares.servers(id)
    })
    printList(found, columns, flags)
  })
