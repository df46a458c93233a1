import { isEntityId, newId, WaybillError } from '@waybill/api'
import { noteChange } from '../../audit/note-change.js'
import type { CallContext } from '../../context.js'
import { codeFor } from '../../entities/engine/code.js'
import type { CreateAnswer, EntityOperations, Input } from '../../entities/operations.js'
import type { Tx } from '../../store/store.js'
import type { JobEngine } from '../engine.js'
import { blankJob } from '../lifecycle/blank-job.js'
import type { JobPatch, JobRow, NewJob } from '../lifecycle/rows.js'

/** What queues do: they hold jobs in order, and a paused one starts none. Definitions say who may. */
export function queueOperations(engine: JobEngine): EntityOperations {
  return {
    create: async (ctx, input) => await createQueue(ctx, input),
    update: async (ctx, id, changes) => {
      await ctx.store.transaction(async (tx) => await updateQueue(ctx, tx, id, changes))
      engine.dispatcher.poke(ctx.workspace.id, { by: 'queue', id })
      if ('priority' in changes) engine.dispatcher.poke(ctx.workspace.id, { by: 'all' })
    },
    remove: async (ctx, id) => {
      await ctx.store.transaction(async (tx) => await removeQueue(ctx, tx, id))
      engine.dispatcher.poke(ctx.workspace.id, { by: 'all' })
    },
  }
}

async function createQueue(ctx: CallContext, input: Input): Promise<CreateAnswer> {
  const code = codeFor('queue', input.code, input.name)
  const row = await ctx.store.transaction(async (tx) => {
    const row: NewJob = {
      ...blank(ctx),
      code,
      name: typeof input.name === 'string' && input.name !== '' ? input.name : code,
      priority: 500,
      status: 'waiting',
      ...(await patchOf(tx, input, undefined)),
    }
    await giveUp(tx, row)
    await tx.insertInto('job').values(row).execute()
    await noteChange(tx, ctx, { entitytype: 'queue', id: row.id, change: 'created', details: input })
    return row
  })
  return { ids: [row.id] }
}

/** There is one default queue, and one for compute jobs: the others give it up. */
async function giveUp(tx: Tx, { is_default, compute_default }: JobPatch): Promise<void> {
  const queues = tx.updateTable('job').where('kind', '=', 'queue')
  if (is_default === 1) await queues.set({ is_default: 0 }).execute()
  if (compute_default === 1) await queues.set({ compute_default: 0 }).execute()
}

async function demandQueue(tx: Tx, id: string): Promise<JobRow> {
  const queue = await tx
    .selectFrom('job')
    .selectAll()
    .where('kind', '=', 'queue')
    .where('id', '=', id)
    .executeTakeFirst()
  if (queue === undefined) throw new WaybillError('not_found', `There is no queue ${id}`)
  return queue
}

async function updateQueue(ctx: CallContext, tx: Tx, id: string, changes: Input): Promise<void> {
  const queue = await demandQueue(tx, id)
  const givesUp =
    (changes.default === false && queue.is_default === 1) ||
    (changes.compute_default === false && queue.compute_default === 1)
  if (givesUp) {
    throw new WaybillError(
      'conflict',
      'One queue has to be the default: make another one the default instead',
    )
  }
  const patch: JobPatch = {
    ...(typeof changes.code === 'string' ? { code: codeFor('queue', changes.code, undefined) } : {}),
    ...(typeof changes.name === 'string' && changes.name !== '' ? { name: changes.name } : {}),
    ...(await patchOf(tx, changes, id)),
    modified: ctx.now,
    modifier: ctx.caller.email,
    modifier_user: ctx.caller.user,
  }
  await giveUp(tx, patch)
  await tx.updateTable('job').set(patch).where('id', '=', id).execute()
  await noteChange(tx, ctx, { entitytype: 'queue', id, change: 'changed', details: changes })
}

async function removeQueue(ctx: CallContext, tx: Tx, id: string): Promise<void> {
  const queue = await demandQueue(tx, id)
  if (queue.is_default === 1) throw new WaybillError('conflict', 'The default queue cannot be deleted')
  const heir = await tx
    .selectFrom('job')
    .select('id')
    .where('kind', '=', 'queue')
    .where('is_default', '=', 1)
    .executeTakeFirstOrThrow()
  await tx
    .updateTable('job')
    .set({ parent: heir.id })
    .where('kind', '!=', 'queue')
    .where('parent', '=', id)
    .execute()
  await tx
    .updateTable('job')
    .set({ parent: queue.parent })
    .where('kind', '=', 'queue')
    .where('parent', '=', id)
    .execute()
  await tx.updateTable('user').set({ queue: null }).where('queue', '=', id).execute()
  await tx.updateTable('share').set({ queue: null }).where('queue', '=', id).execute()
  if (queue.compute_default === 1)
    await tx.updateTable('job').set({ compute_default: 1 }).where('id', '=', heir.id).execute()
  await tx.deleteFrom('setting').where('entity', '=', id).execute()
  await tx.deleteFrom('job').where('id', '=', id).execute()
  await noteChange(tx, ctx, { entitytype: 'queue', id, change: 'deleted' })
}

async function patchOf(tx: Tx, input: Input, self: string | undefined): Promise<JobPatch> {
  const { priority, description, status, metadata } = input
  if (typeof priority === 'number' && (priority < 0 || priority > 1000)) {
    throw new WaybillError('bad_request', `The priority of a queue is from 0 to 1000, not ${priority}`)
  }
  return {
    ...(typeof priority === 'number' ? { priority } : {}),
    ...(typeof description === 'string' ? { description } : {}),
    ...(status === 'waiting' || status === 'paused' ? { status } : {}),
    ...(metadata === undefined ? {} : { metadata: metadata === null ? null : JSON.stringify(metadata) }),
    ...(typeof input.default === 'boolean' ? { is_default: input.default ? 1 : 0 } : {}),
    ...(typeof input.compute_default === 'boolean' ? { compute_default: input.compute_default ? 1 : 0 } : {}),
    ...('parent' in input ? { parent: await parentOf(tx, input.parent, self) } : {}),
  }
}

async function parentOf(tx: Tx, named: unknown, self: string | undefined): Promise<string | null> {
  if (typeof named !== 'string' || named === '') return null
  const key = named.toLowerCase()
  const parent = await tx
    .selectFrom('job')
    .select(['id', 'parent'])
    .where('kind', '=', 'queue')
    .where(isEntityId(key) ? 'id' : 'code', '=', key)
    .executeTakeFirst()
  if (parent === undefined) throw new WaybillError('not_found', `There is no queue "${named}"`)
  for (let above: typeof parent | undefined = parent; above !== undefined; ) {
    if (above.id === self) throw new WaybillError('conflict', 'A queue cannot be beneath itself')
    above = above.parent === null ? undefined : await demandQueue(tx, above.parent)
  }
  return parent.id
}

function blank({ caller, now, workspace }: CallContext) {
  return {
    ...blankJob,
    id: newId(now),
    workspace: workspace.id,
    kind: 'queue' as const,
    created: now,
    creator: caller.email,
    modified: now,
    modifier: caller.email,
    modifier_user: caller.user,
    position: now,
    measured: 1 as const,
  }
}
