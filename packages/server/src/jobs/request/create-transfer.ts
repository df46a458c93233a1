import { isEntityId, newId, WaybillError } from '@waybill/api'
import * as v from 'valibot'
import { noteChange } from '../../audit/note-change.js'
import type { CallContext } from '../../context.js'
import type { CreateAnswer, CreateOptions, Input } from '../../entities/operations.js'
import { demandGuarded, demandGuardedTasks } from '../../entities/settings/guard.js'
import type { Tx } from '../../store/store.js'
import { followServers } from '../dispatch/follow-servers.js'
import { queuesAbove } from '../effective-settings.js'
import type { End } from '../ends/end.js'
import type { JobEngine } from '../engine.js'
import { type Change, readJob } from '../lifecycle/apply-job.js'
import { blankJob } from '../lifecycle/blank-job.js'
import { writeLog } from '../lifecycle/journal.js'
import type { JobRow, NewJob } from '../lifecycle/rows.js'
import { addTasks, noteShares } from './add-tasks.js'
import { changeOf } from './change-of.js'
import { addPrepared, noteTasks } from './grow-job.js'
import { readTasks, settingsShape } from './payload.js'
import { fitsJob, type Prepared, prepare } from './prepare.js'

/** Creates a transfer, or with `append` adds its tasks to the caller's most recent job between the same parties. */
export async function createTransfer(
  ctx: CallContext,
  engine: JobEngine,
  input: Input,
  options: CreateOptions,
): Promise<CreateAnswer> {
  const { tasks } = readTasks(input)
  if (input.append === true && input.dryrun === true) {
    throw new WaybillError('bad_request', 'A dry run is a job of its own: leave out append, or dryrun')
  }
  const settings = readSettings(input.settings)
  const prepared = await prepare(ctx, tasks)
  const job = await ctx.store.transaction(async (tx) => {
    const change = changeOf(ctx, tx)
    const earlier = input.append === true ? await mostRecent(change, ctx, prepared) : undefined
    if (earlier !== undefined) {
      await demandGuardedTasks(tx, ctx, earlier, tasks)
      const grown = await addPrepared(change, earlier, prepared, options)
      await noteTasks(tx, ctx, earlier.id, grown)
      return grown.job
    }
    await refuseParcel(tx, input.parent)
    const queue = await queueFor(tx, input.queue ?? input.parent, ctx)
    const row = newJob(ctx, input, prepared, queue)
    await tx.insertInto('job').values(row).execute()
    const above = [ctx.workspace.id, ...(await queuesAbove(tx, queue))]
    await demandGuarded(tx, ctx.caller, new Map(Object.entries(settings)), above)
    await addSettings(tx, ctx, row.id, row.dry_run === 1 ? { ...onceOnly, ...settings } : settings)
    await demandGuardedTasks(tx, ctx, { id: row.id, parent: queue }, tasks)
    const fresh = await readJob(change, row.id)
    if (fresh === undefined) throw new WaybillError('internal', 'The job that was just made is gone')
    await addTasks(change, fresh, prepared.tasks, options)
    await noteShares(change, fresh, prepared.tasks)
    await writeLog(tx, ctx.workspace.id, ctx.now, { job: row.id, message: `created by ${ctx.caller.email}` })
    await noteChange(tx, ctx, { entitytype: 'transfer', id: row.id, change: 'created', details: input })
    return fresh
  })
  engine.changed(ctx.workspace.id, job)
  void engine.runs.ofJob(job.id)?.feed()
  return { ids: [job.id] }
}

/** Whoever looks at what would happen does not wait for another try. */
const onceOnly = { job_max_retries: '0' }

function readSettings(value: unknown): Readonly<Record<string, string>> {
  const parsed = v.safeParse(v.nullish(settingsShape), value)
  if (parsed.success) return parsed.output ?? {}
  throw new WaybillError('bad_request', 'settings has to be an object of names and values')
}

async function addSettings(
  tx: Tx,
  ctx: CallContext,
  job: string,
  settings: Readonly<Record<string, string>>,
) {
  const rows = Object.entries(settings).map(([name, value]) => ({
    id: newId(ctx.now),
    workspace: ctx.workspace.id,
    entitytype: 'transfer',
    entity: job,
    name,
    value,
  }))
  if (rows.length > 0) await tx.insertInto('setting').values(rows).execute()
}

/** A transfer's parent is its queue, or, once there are any, the delivery that it is made for. */
async function refuseParcel(tx: Tx, parent: unknown): Promise<void> {
  if (typeof parent !== 'string' || !isEntityId(parent.toLowerCase())) return
  const parcel = await tx
    .selectFrom('job')
    .select('id')
    .where('id', '=', parent.toLowerCase())
    .where('kind', 'in', ['delivery', 'request'])
    .executeTakeFirst()
  if (parcel !== undefined) throw new WaybillError('not_available', 'Deliveries are not available yet')
}

/** The queue that was named, by code or id; else the caller's own, else the default one. */
export async function queueFor(tx: Tx, named: unknown, ctx: CallContext): Promise<string> {
  const queues = tx.selectFrom('job').select('id').where('kind', '=', 'queue')
  if (typeof named === 'string' && named !== '') {
    const key = named.toLowerCase()
    const queue = await queues.where(isEntityId(key) ? 'id' : 'code', '=', key).executeTakeFirst()
    if (queue === undefined) throw new WaybillError('not_found', `There is no queue "${named}"`)
    return queue.id
  }
  const user = await tx
    .selectFrom('user')
    .select('queue')
    .where('id', '=', ctx.caller.user)
    .executeTakeFirst()
  if (user?.queue != null) return user.queue
  return (await queues.where('is_default', '=', 1).executeTakeFirstOrThrow()).id
}

/** The caller's most recent job between the same parties and machines; it is bound to the servers of today. */
async function mostRecent({ tx }: Change, ctx: CallContext, prepared: Prepared): Promise<JobRow | undefined> {
  const { source, destination } = prepared
  const machineOf = ({ party, client }: End) => (party.type === 'user' ? client?.id : undefined)
  const [from, to] = [machineOf(source), machineOf(destination)]
  const job = await tx
    .selectFrom('job')
    .selectAll()
    .where('kind', '=', 'transfer')
    .where('dry_run', '=', 0)
    .where('user', '=', ctx.caller.user)
    .where('source_type', '=', source.party.type)
    .where('source_id', '=', source.party.id)
    .where('destination_type', '=', destination.party.type)
    .where('destination_id', '=', destination.party.id)
    .where('mirrored', '=', destination.mirrored ? 1 : 0)
    .$if(from !== undefined, (query) => query.where('source_client', '=', from ?? ''))
    .$if(to !== undefined, (query) => query.where('destination_client', '=', to ?? ''))
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (job === undefined) return undefined
  const [bound] = await followServers(tx, [job])
  return bound !== undefined && fitsJob(bound, prepared) ? bound : undefined
}

function newJob(ctx: CallContext, input: Input, { source, destination }: Prepared, queue: string): NewJob {
  const name = textOf(input.name) ?? source.name
  const paused = isPaused(input.status)
  const { caller, now } = ctx
  return {
    ...blankJob,
    id: newId(now),
    workspace: ctx.workspace.id,
    kind: 'transfer',
    code: name,
    name,
    description: textOf(input.description) ?? '',
    metadata: jsonOf(input.metadata),
    hooks: jsonOf(input.hooks),
    created: now,
    creator: caller.email,
    modified: now,
    modifier: caller.email,
    user: caller.user,
    modifier_user: caller.user,
    parent: queue,
    status: paused ? 'paused' : 'init',
    paused_by_hand: paused ? 1 : 0,
    population: 'live',
    reason: paused ? 'W#J067' : null,
    reason_hr: paused ? `Created paused by ${caller.email}` : '',
    position: now,
    source_type: source.party.type,
    source_id: source.party.id,
    source_client: source.client?.id ?? null,
    destination_type: destination.party.type,
    destination_id: destination.party.id,
    destination_client: destination.client?.id ?? null,
    mirrored: destination.mirrored ? 1 : 0,
    dry_run: input.dryrun === true ? 1 : 0,
  }
}

function isPaused(status: unknown): boolean {
  if (status === undefined || status === null || status === '' || status === 'waiting') return false
  if (status === 'paused') return true
  throw new WaybillError(
    'bad_request',
    'A transfer is created paused or waiting; set another status afterwards',
  )
}

const textOf = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
const jsonOf = (value: unknown) => (value === undefined || value === null ? null : JSON.stringify(value))
