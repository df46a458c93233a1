import { type Party, WaybillError } from '@waybill/api'
import type { CallContext } from '../../context.js'
import { Directory } from '../../locations/directory.js'
import type { End, Source } from '../ends/end.js'
import { type JobParties, resolveDestination, resolveSources } from '../ends/resolve.js'
import type { JobRow } from '../lifecycle/rows.js'
import { fingerprintOf, type ResolvedTask } from './add-tasks.js'
import { demandCount, type TaskRequest } from './payload.js'

/** Tasks that are resolved before others get their turn: some milliseconds. */
const turn = 200

/** Tasks whose ends are resolved, and the two ends that they have in common. */
export interface Prepared {
  readonly tasks: readonly ResolvedTask[]
  readonly source: Source
  readonly destination: End
}

/**
 * Resolves the ends of tasks and checks rights, before anything is written. All tasks of a job have the same two
 * parties and the same two machines. A whole collection becomes a task per file.
 */
export async function prepare(
  ctx: CallContext,
  requests: readonly TaskRequest[],
  usual?: JobParties,
): Promise<Prepared> {
  const directory = new Directory(ctx)
  const tasks: ResolvedTask[] = []
  const targets = new Targets()
  let first: { source: Source; destination: End } | undefined
  for (const request of requests) {
    for await (const source of resolveSources(directory, request.source, usual?.source)) {
      const destination = await resolveDestination(directory, request, source, usual?.destination)
      demandApart(source, destination)
      targets.demandFree(source, destination)
      first ??= { source, destination }
      demandSame(first.source, source, 'source', request.source)
      demandSame(first.destination, destination, 'destination', request.destination ?? request.source)
      tasks.push({
        request: requestOf(request, source),
        source: source.task,
        destination: destination.task,
        fingerprint: fingerprintOf(source.key, destination.key),
        shares: [...source.shares, ...destination.shares],
      })
      demandCount(tasks.length)
      // What is looked up once answers at once from then on; others get their turn all the same.
      if (tasks.length % turn === 0) await new Promise(setImmediate)
    }
  }
  if (first === undefined) throw new WaybillError('bad_request', 'There has to be at least one task')
  return { tasks, ...first }
}

/** Where the tasks of a call go: of two sources at one place, the second would replace the first. */
class Targets {
  private readonly sources = new Map<string, string>()

  demandFree(source: Source, destination: End): void {
    // Frames and what is in a volume keep their own names, beneath the destination.
    if (source.sequence !== undefined || source.into.length === 0 || destination.task.path === undefined)
      return
    const other = this.sources.get(destination.key)
    if (other === undefined) this.sources.set(destination.key, source.key)
    else if (other !== source.key) {
      const words = `Two tasks would write "${destination.name}" at the same place`
      throw new WaybillError('bad_request', `${words}: give each a destination of its own`)
    }
  }
}

/** The files of a collection share the uri that was asked for. */
function requestOf(request: TaskRequest, { beneath }: Source): TaskRequest {
  const [name] = beneath
  return request.uri === undefined || name === undefined
    ? request
    : { ...request, uri: `${request.uri}/${name}` }
}

/** On one machine a source is not sent to where it is, or into itself. */
function demandApart(source: Source, destination: End): void {
  if (source.client === undefined || source.client.id !== destination.client?.id) return
  const from = namesOf(source)
  const to = namesOf(destination)
  // The frames of a sequence lie in the directory that they would be copied to.
  const start = source.sequence === undefined ? from : from.slice(0, -1)
  const inside = start.every((name, i) => name === to[i])
  const same = source.sequence === undefined ? inside : inside && start.length === to.length
  if (!same) return
  throw new WaybillError('bad_request', 'Source and destination are the same place, or one lies in the other')
}

/** Where an end lies on its machine, as far as can be told here: systems that know no case are taken as such. */
function namesOf({ place, task: { path = '' } }: End): string[] {
  const names = place === undefined ? path.split(/[\\/]/) : ['volume', place.volume.id, ...place.below]
  return names.filter((name) => name !== '').map((name) => name.toLowerCase())
}

function demandSame(one: End, other: End, side: string, text: string): void {
  if (isSameParty(one, other) && one.client?.id === other.client?.id && one.mirrored === other.mirrored)
    return
  throw new WaybillError(
    'bad_request',
    `A job has one ${side}: "${text}" is at another party or machine than the first task's ${side}; make a job for each`,
  )
}

function isSameParty({ party: one }: End, { party: other }: End): boolean {
  return one.type === other.type && one.id === other.id
}

/** Whether tasks are between the parties and the machines of a job. */
export function fitsJob(job: JobRow, { source, destination }: Prepared): boolean {
  return (
    sameParty(job.source_type, job.source_id, source) &&
    sameParty(job.destination_type, job.destination_id, destination) &&
    job.source_client === (source.client?.id ?? null) &&
    (job.destination_client === (destination.client?.id ?? null) || destination.client === undefined)
  )
}

/** Refuses tasks whose parties or machines are not those of the job that they are added to. */
export function demandParties(job: JobRow, prepared: Prepared): void {
  if (fitsJob(job, prepared)) return
  throw new WaybillError('bad_request', 'The tasks are from or to another party or machine than the job is')
}

function sameParty(type: string | null, id: string | null, end: End): boolean {
  return end.party.type === type && end.party.id === id
}

/** A job's parties in the notation of paths: what a path without a party means for tasks added to it. */
export function partiesOf(job: JobRow): JobParties {
  return {
    source: partyOf(job.source_type, job.source_id, job.source_client),
    destination: partyOf(job.destination_type, job.destination_id, job.destination_client),
  }
}

function partyOf(type: JobRow['source_type'], id: string | null, client: string | null): Party | undefined {
  if (type === 'workspace') return { kind: 'workspace', name: 'hq' }
  if (id === null) return undefined
  if (type === 'site') return { kind: 'site', site: id }
  return client === null ? { kind: 'user', user: id } : { kind: 'client', client }
}
