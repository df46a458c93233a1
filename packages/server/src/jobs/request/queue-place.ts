import { isEntityId, WaybillError } from '@waybill/api'
import type { CallContext } from '../../context.js'
import type { Input } from '../../entities/operations.js'
import type { Tx } from '../../store/store.js'

/** A job in its queue; jobs with the same position stand in the order of their ids. */
interface Placed {
  readonly id: string
  readonly position: number
}

/** Room that is left between two jobs when a queue is numbered anew. New jobs get the milliseconds of now. */
const gap = 1000

/**
 * The position that a job gets which is moved within its queue, or into another one: `index` (0 is first, -1
 * last), or `before` another job of that queue. Undefined where nothing of it was asked for.
 */
export async function placeInQueue(
  tx: Tx,
  ctx: CallContext,
  queue: string,
  job: string,
  { index, before }: Input,
): Promise<number | undefined> {
  if (before !== undefined && index !== undefined) {
    throw new WaybillError('bad_request', 'Give the place as index, or as before, not as both')
  }
  if (typeof before === 'string') {
    const next = await demandNeighbour(tx, queue, before.toLowerCase())
    if (next.id === job) throw new WaybillError('bad_request', 'A job cannot go before itself')
    return await positionBefore(tx, ctx, queue, job, next)
  }
  if (typeof index !== 'number') return undefined
  if (index < -1) throw new WaybillError('bad_request', 'The index of a job is 0 or more, or -1 for the last')
  const next = index === -1 ? undefined : await others(tx, queue, job).offset(index).executeTakeFirst()
  return await positionBefore(tx, ctx, queue, job, next)
}

async function demandNeighbour(tx: Tx, queue: string, id: string): Promise<Placed> {
  const found = isEntityId(id) ? await jobsOf(tx, queue).where('id', '=', id).executeTakeFirst() : undefined
  if (found !== undefined) return found
  throw new WaybillError('not_found', `There is no transfer ${JSON.stringify(id)} in that queue`)
}

async function positionBefore(
  tx: Tx,
  ctx: CallContext,
  queue: string,
  job: string,
  next: Placed | undefined,
): Promise<number> {
  const previous = await lastBefore(tx, queue, job, next)
  if (next === undefined) return Math.max(ctx.now, (previous?.position ?? 0) + 1)
  if (previous === undefined) return next.position - gap
  const middle = (previous.position + next.position) / 2
  if (previous.position < middle && middle < next.position) return middle
  // Made in the same moment, or halved too often.
  await numberAnew(tx, ctx, queue)
  return await positionBefore(tx, ctx, queue, job, await demandNeighbour(tx, queue, next.id))
}

function jobsOf(tx: Tx, queue: string) {
  return tx
    .selectFrom('job')
    .select(['id', 'position'])
    .where('kind', '=', 'transfer')
    .where('parent', '=', queue)
    .where('population', '=', 'live')
}

function others(tx: Tx, queue: string, job: string) {
  return jobsOf(tx, queue).where('id', '!=', job).orderBy('position').orderBy('id').limit(1)
}

async function lastBefore(
  tx: Tx,
  queue: string,
  job: string,
  next: Placed | undefined,
): Promise<Placed | undefined> {
  const backwards = jobsOf(tx, queue)
    .where('id', '!=', job)
    .orderBy('position', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
  if (next === undefined) return await backwards.executeTakeFirst()
  const { id, position } = next
  return await backwards
    .where((eb) =>
      eb.or([eb('position', '<', position), eb.and([eb('position', '=', position), eb('id', '<', id)])]),
    )
    .executeTakeFirst()
}

/** Keeps the order, and stays below what new jobs get. */
async function numberAnew(tx: Tx, { now }: CallContext, queue: string): Promise<void> {
  const jobs = await jobsOf(tx, queue).orderBy('position').orderBy('id').execute()
  for (const [index, { id }] of jobs.entries()) {
    const position = now - (jobs.length - index) * gap
    await tx.updateTable('job').set({ position }).where('id', '=', id).execute()
  }
}
