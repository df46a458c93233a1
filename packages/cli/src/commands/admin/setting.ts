import { isEntityId, settings } from '@waybill/api'
import { quote, type Session } from '@waybill/sdk'
import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { badInput } from '../../exit.js'
import { type ListFlags, printJson, withJson } from '../../output/list.js'
import { printable } from '../../output/printable.js'
import { renderTable } from '../../output/table.js'
import { findJob } from '../jobs/job-reference.js'
import { tellUnknownSettings } from '../unknown-setting.js'

interface Flags extends AccessFlags {
  readonly queue?: string
  readonly job?: string
  readonly task?: string
  readonly volume?: string
  readonly share?: string
}
type Scope = NonNullable<Parameters<Session['settings']['get']>[1]>

function withScope(command: Command): Command {
  return withAccess(command)
    .option('--queue <code>', 'of a queue instead of the workspace')
    .option('--job <id>', 'of a job, by id or name')
    .option('--task <task>', 'of one task, by its uri or id; with --job')
    .option('--volume <code>', 'of a volume')
    .option('--share <code>', 'of a share of any kind')
}

async function scopeOf(session: Session, flags: Flags): Promise<Scope> {
  const { queue, job, task, volume, share } = flags
  if ([queue, job, volume, share].filter((place) => place !== undefined).length > 1) {
    throw badInput('settings are of one place: give --queue, --job, --volume or --share')
  }
  if (task !== undefined && job === undefined) throw badInput('which job is the task of? Give --job, too')
  if (share !== undefined || volume !== undefined) return { share: share ?? `volume=${volume ?? ''}` }
  if (job !== undefined) {
    const { id } = await findJob(session, job)
    if (task === undefined) return { entityType: 'transfer', entityId: id }
    return { entityType: 'task', entityId: await findTask(session, id, task) }
  }
  return queue === undefined ? {} : { entityType: 'queue', entityId: await findQueue(session, queue) }
}

async function findTask(session: Session, job: string, reference: string): Promise<string> {
  const attribute = /^[0-9a-f-]{36}$/i.test(reference) ? 'id' : 'uri'
  const [task] = await session.find(`Task WHERE ${attribute}=${quote(reference)}`, { entityId: job })
  if (task !== undefined) return task.id
  throw badInput(`the job has no task "${reference}"; "waybill tasks ${job}" lists them`)
}

async function findQueue(session: Session, reference: string): Promise<string> {
  const queue = isEntityId(reference)
    ? await session.getEntity('Queue', reference)
    : await session.findOne(`Queue WHERE code=${quote(reference)}`)
  if (queue !== null) return queue.id
  throw badInput(`no queue is called "${reference}"; "waybill queue list" shows them`)
}

interface GetFlags extends Flags, ListFlags {
  readonly own?: true
  readonly recursive?: true
}

const get = withJson(withScope(new Command('get')))
  .summary('shows settings')
  .argument('[name]', 'all of them when absent')
  .option('--own', 'only what was set there, nothing inherited and no defaults')
  .option('--recursive', 'also what is set further down: on queues, jobs, tasks, shares')
  .addHelpText(
    'after',
    `
Examples:
  waybill setting get transfer_speedlimit --queue Low
  waybill setting get --share dailies --own
  waybill setting get transfer_mode --recursive`,
  )
  .action(async (name: string | undefined, flags: GetFlags) => {
    await withSession(flags, async (session) => {
      const scope = await scopeOf(session, flags)
      const only = flags.own === true ? { upstream: false, omitDefaults: true } : {}
      const value = await session.settings.get(name, scope, only)
      const below = flags.recursive === true ? await session.settings.below(name, scope) : undefined
      if (flags.json === true) printJson(below === undefined ? value : { value, below })
      else print(value, below)
    })
  })

function print(value: unknown, below: Awaited<ReturnType<Session['settings']['below']>> | undefined): void {
  if (typeof value === 'object' && value !== null) process.stdout.write(`${table(value)}\n`)
  else process.stdout.write(`${printable(typeof value === 'string' ? value : JSON.stringify(value))}\n`)
  if (below === undefined || below.length === 0) return
  const rows = renderTable(below, [
    { head: 'OF', value: ({ entitytype, id }) => `${entitytype} ${id}` },
    { head: 'SETTING', value: (setting) => setting.name },
    { head: 'VALUE', value: (setting) => setting.value },
  ])
  process.stdout.write(`\nFurther down:\n${rows}\n`)
}

function table(values: object): string {
  return renderTable(Object.entries(values), [
    { head: 'SETTING', value: ([name]) => name },
    { head: 'VALUE', value: ([, value]: [string, unknown]) => value },
  ])
}

const recursive = ['--recursive', 'also further down, where own values of that name are taken away'] as const
interface ChangeFlags extends Flags {
  readonly recursive?: true
}

const set = withScope(new Command('set'))
  .summary('changes one')
  .argument('<name>')
  .argument('<value>')
  .option(...recursive)
  .addHelpText(
    'after',
    `
Examples:
  waybill setting set transfer_speedlimit 50 --queue Low
  waybill setting set transfer_exclude "*.tmp,re('^\\.')" --share dailies
  waybill setting set transfer_mode onewaysync --job reel1 --task 0`,
  )
  .action(async (name: string, value: string, flags: ChangeFlags) => {
    await withSession(flags, async (session) => {
      await session.settings.set(name, value, await scopeOf(session, flags), depth(flags))
      tellUnknownSettings([name])
    })
  })

const remove = withScope(new Command('remove'))
  .summary('goes back to what is inherited')
  .argument('<name>')
  .option(...recursive)
  .addHelpText('after', '\nExample:\n  waybill setting remove transfer_speedlimit --queue Low')
  .action(async (name: string, flags: ChangeFlags) => {
    await withSession(flags, async (session) =>
      session.settings.remove(name, await scopeOf(session, flags), depth(flags)),
    )
  })

function depth(flags: ChangeFlags) {
  return flags.recursive === true ? { recursive: true } : {}
}

function listSettings(): string {
  const rows = Object.entries(settings).map(([name, { default: usual, unit }]) => ({ name, usual, unit }))
  const list = renderTable(rows, [
    { head: 'SETTING', value: ({ name }) => name },
    { head: 'DEFAULT', value: ({ usual }) => usual },
    { head: 'VALUES', value: ({ unit }) => unit },
  ])
  return `\nSettings:\n${list}\n\nWhat each does, and where: docs/settings.md. Other names are kept and shown.`
}

export const command = new Command('setting')
  .description(
    'Settings. They are inherited: workspace, then volume and share, then queues from the top, then job, then task.',
  )
  .addHelpText('after', listSettings)
  .addCommand(get)
  .addCommand(set)
  .addCommand(remove)
