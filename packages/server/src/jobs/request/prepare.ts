import { type Party, WaybillError } from '@waybill/api'
import type { CallContext } from '../../context.js'
import { Directory } from '../../locations/directory.js'
import type { JobRow } from '../lifecycle/rows.js'
import type { ResolvedTask } from './add-tasks.js'
import type { TaskRequest } from './payload.js'
import { type End, type JobParties, resolveDestination, resolveSource } from './resolve.js'

/** Tasks whose ends are resolved, and the two ends that they have in common. */
export interface Prepared {
  readonly tasks: readonly ResolvedTask[]
  readonly source: End
  readonly destination: End
}

/**
 * Resolves the ends of tasks and checks rights, before anything is written. All tasks of a job have the same two
 * parties and the same two machines.
 */
export async function prepare(
  ctx: CallContext,
  requests: readonly TaskRequest[],
  usual?: JobParties,
): Promise<Prepared> {
  const directory = new Directory(ctx)
  const tasks: ResolvedTask[] = []
  let first: { source: End; destination: End } | undefined
  for (const request of requests) {
    const source = await resolveSource(directory, request.source, usual?.source)
    const destination = await resolveDestination(directory, request.destination, source, usual?.destination)
    if (source.client !== undefined && source.client.id === destination.client?.id) {
      const words = `Source and destination are on the same machine, ${source.client.code}`
      throw new WaybillError('bad_request', `${words}: a transfer goes from one to another`)
    }
    first ??= { source, destination }
    demandSame(first.source, source, 'source', request.source)
    demandSame(first.destination, destination, 'destination', request.destination ?? request.source)
    tasks.push({
      request,
      source: source.task,
      destination: destination.task,
      shares: [...source.shares, ...destination.shares],
    })
  }
  if (first === undefined) throw new WaybillError('bad_request', 'There has to be at least one task')
  return { tasks, ...first }
}

function demandSame(one: End, other: End, side: string, text: string): void {
  const same =
    one.party.type === other.party.type &&
    one.party.id === other.party.id &&
    one.client?.id === other.client?.id
  if (same && one.mirrored === other.mirrored) return
  throw new WaybillError(
    'bad_request',
    `A job has one ${side}: "${text}" is at another party or machine than the first task's ${side}`,
  )
}

/** Refuses tasks whose parties or machines are not those of the job that they are added to. */
export function demandParties(job: JobRow, { source, destination }: Prepared): void {
  const fits =
    sameParty(job.source_type, job.source_id, source) &&
    sameParty(job.destination_type, job.destination_id, destination) &&
    job.source_client === (source.client?.id ?? null) &&
    (job.destination_client === (destination.client?.id ?? null) || destination.client === undefined)
  if (!fits) {
    throw new WaybillError('bad_request', 'The tasks are from or to another party or machine than the job is')
  }
}

function sameParty(type: string | null, id: string | null, end: End): boolean {
  return end.party.type === type && end.party.id === id
}

/** A job's parties in the notation of paths: what a path without a party means for tasks added to it. */
export function partiesOf(job: JobRow): JobParties {
  return {
    source: partyOf(job.source_type, job.source_id, job.source_client),
    destination: partyOf(
      job.destination_type,
      job.destination_id,
      job.mirrored === 1 ? null : job.destination_client,
    ),
  }
}

function partyOf(type: JobRow['source_type'], id: string | null, client: string | null): Party | undefined {
  if (type === 'workspace') return { kind: 'workspace', name: 'hq' }
  if (id === null) return undefined
  if (type === 'site') return { kind: 'site', site: id }
  return client === null ? { kind: 'user', user: id } : { kind: 'client', client }
}
