import { isEntityId } from '@waybill/api'
import { quote, type Session } from '@waybill/sdk'
import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { badInput } from '../../exit.js'
import { type ListFlags, printJson, withJson } from '../../output/list.js'
import { printable } from '../../output/printable.js'
import { renderTable } from '../../output/table.js'
import { findJob } from '../jobs/job-reference.js'

interface Flags extends AccessFlags {
  readonly queue?: string
  readonly job?: string
}
type Scope = NonNullable<Parameters<Session['settings']['get']>[1]>

function withScope(command: Command): Command {
  return withAccess(command)
    .option('--queue <code>', 'of a queue instead of the workspace')
    .option('--job <id>', 'of a job instead of the workspace')
}

async function scopeOf(session: Session, flags: Flags): Promise<Scope> {
  if (flags.job !== undefined)
    return { entityType: 'transfer', entityId: (await findJob(session, flags.job)).id }
  if (flags.queue === undefined) return {}
  const queue = isEntityId(flags.queue)
    ? await session.getEntity('Queue', flags.queue)
    : await session.findOne(`Queue WHERE code=${quote(flags.queue)}`)
  if (queue === null) throw badInput(`no queue is called "${flags.queue}"; "waybill queue list" shows them`)
  return { entityType: 'queue', entityId: queue.id }
}

const get = withJson(withScope(new Command('get')))
  .summary('shows settings')
  .argument('[name]', 'all of them when absent')
  .action(async (name: string | undefined, flags: Flags & ListFlags) => {
    const value = await withSession(flags, async (session) =>
      session.settings.get(name, await scopeOf(session, flags)),
    )
    if (flags.json === true) printJson(value)
    else if (typeof value === 'object' && value !== null) process.stdout.write(`${table(value)}\n`)
    else process.stdout.write(`${printable(typeof value === 'string' ? value : JSON.stringify(value))}\n`)
  })

function table(settings: object): string {
  return renderTable(Object.entries(settings), [
    { head: 'SETTING', value: ([name]) => name },
    { head: 'VALUE', value: ([, value]: [string, unknown]) => value },
  ])
}

const set = withScope(new Command('set'))
  .summary('changes one')
  .argument('<name>')
  .argument('<value>')
  .addHelpText('after', '\nExample:\n  waybill setting set transfer_speedlimit 50 --queue Low')
  .action(async (name: string, value: string, flags: Flags) => {
    await withSession(flags, async (session) =>
      session.settings.set(name, value, await scopeOf(session, flags)),
    )
  })

const remove = withScope(new Command('remove'))
  .summary('goes back to what is inherited')
  .argument('<name>')
  .action(async (name: string, flags: Flags) => {
    await withSession(flags, async (session) => session.settings.remove(name, await scopeOf(session, flags)))
  })

export const command = new Command('setting')
  .description('Settings. They are inherited: workspace, then queue, then job.')
  .addCommand(get)
  .addCommand(set)
  .addCommand(remove)
