import { checkName, type PathNotation, parsePath, WaybillError } from '@waybill/api'
import { segments } from '../../access/grants.js'
import { noteChange } from '../../audit/note-change.js'
import type { CallContext } from '../../context.js'
import { type ClientRow, Directory, type UserRow } from '../../locations/directory.js'
import { demandNames, demandNotation } from '../ends/end.js'
import { ownPathEnd } from '../ends/on-machine.js'
import type { JobEngine } from '../engine.js'
import type { Change } from '../lifecycle/apply-job.js'
import { writeLog } from '../lifecycle/journal.js'
import { moveTasks } from '../lifecycle/move-tasks.js'
import type { JobRow, TaskRow } from '../lifecycle/rows.js'
import { readTaskParty } from '../task-party.js'
import { changeOf } from './change-of.js'
import { demandJob } from './edit-transfer.js'
import { wakeJob } from './grow-job.js'

/** Where a receiver wants files: a directory of a machine of his; all tasks without a place, or those named. */
export interface Choice {
  readonly path: string
  /** Id or host name of the machine; the one that was seen last when absent. */
  readonly client: string | undefined
  /** Ids or uris of tasks. */
  readonly tasks: readonly string[] | undefined
}

type Absolute = PathNotation & { readonly kind: 'absolute' }

interface Receiver {
  readonly user: UserRow
  readonly client: ClientRow
  readonly directory: Absolute
}

/** Tasks that are looked at in one statement. */
const pageSize = 200

/**
 * The receiver of a job chooses where its files go: each task without a place gets one in a directory of his,
 * under its own name, and is queued. Choosing the same again changes nothing.
 */
export async function receiveFiles(
  ctx: CallContext,
  engine: JobEngine,
  id: string,
  choice: Choice,
): Promise<void> {
  demandReceiver(await demandJob(changeOf(ctx, ctx.store.db), id), ctx)
  const receiver = await receiverOf(ctx, choice)
  const after = await ctx.store.transaction(async (tx) => {
    const change = changeOf(ctx, tx)
    const job = await demandJob(change, id)
    demandReceiver(job, ctx)
    demandMachine(job, receiver.client)
    const placed = await placeAll(change, job, receiver, choice.tasks)
    if (placed === 0) {
      if (job.destination_client === receiver.client.id) return job
      throw new WaybillError('conflict', 'No file of this job waits for a place')
    }
    await tx.updateTable('job').set({ destination_client: receiver.client.id }).where('id', '=', id).execute()
    const where = `${choice.path} on ${receiver.client.code}`
    const message = `${ctx.caller.email} chose ${where} for ${placed} ${placed === 1 ? 'task' : 'tasks'}`
    await writeLog(tx, ctx.workspace.id, ctx.now, { job: id, message })
    const details = { path: choice.path, client: receiver.client.id, tasks: placed }
    await noteChange(tx, ctx, { entitytype: 'transfer', id, change: 'changed', as: 'received', details })
    return await wakeJob(change, id)
  })
  engine.changed(ctx.workspace.id, after)
  void engine.runs.ofJob(id)?.feed()
}

async function receiverOf(ctx: CallContext, { path, client: named }: Choice): Promise<Receiver> {
  const directory = new Directory(ctx)
  const { party, path: into } = parsePath(path, { workspace: ctx.workspace.code })
  if (party !== undefined || into?.kind !== 'absolute') {
    throw new WaybillError('bad_request', `"${path}" is no absolute path of your machine`)
  }
  const user = { id: ctx.caller.user, code: ctx.caller.email }
  const client = await machineOf(directory, user, named)
  demandNotation(client, into)
  return { user, client, directory: into }
}

async function machineOf(directory: Directory, user: UserRow, named: string | undefined): Promise<ClientRow> {
  const own = await directory.clientsOf(user)
  const client = named === undefined ? undefined : own.find(({ id }) => id === named.toLowerCase())
  return client ?? (await directory.clientOf(user, named))
}

function demandReceiver(job: JobRow, { caller }: CallContext): void {
  if (job.destination_type === 'user' && job.destination_id === caller.user) return
  throw new WaybillError('forbidden', 'Only who receives the files of a job may choose where they go')
}

/** All files of a job go to one machine. */
function demandMachine({ destination_client: bound }: JobRow, client: ClientRow): void {
  if (bound === null || bound === client.id) return
  const words = `The files of this job go to another machine than ${client.code}`
  throw new WaybillError('conflict', `${words}: choose a directory there`)
}

/** Answers with how many tasks got a place. */
async function placeAll(
  change: Change,
  job: JobRow,
  receiver: Receiver,
  wanted: readonly string[] | undefined,
): Promise<number> {
  const left = wanted === undefined ? undefined : new Set(wanted)
  const taken = new Map<string, string>()
  let placed = 0
  for (let after = -1; ; ) {
    const page = await nextTasks(change, job.id, after)
    const chosen = page.filter((task) => left === undefined || left.delete(task.id) || left.delete(task.uri))
    const open = chosen.filter(({ destination }) => readTaskParty(destination).path === undefined)
    for (const task of open) await placeOne(change, task, receiver, taken)
    const ids = open.map((task) => task.id)
    if (ids.length > 0) await moveTasks(change, job.id, 'choose', { ids })
    placed += open.length
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) break
    after = last.seq
  }
  const [unknown] = left ?? []
  if (unknown !== undefined) throw new WaybillError('not_found', `${job.name} has no task "${unknown}"`)
  return placed
}

async function nextTasks({ tx }: Change, job: string, after: number): Promise<TaskRow[]> {
  return await tx
    .selectFrom('task')
    .selectAll()
    .where('job', '=', job)
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(pageSize)
    .execute()
}

async function placeOne(
  change: Change,
  task: TaskRow,
  { user, client, directory }: Receiver,
  taken: Map<string, string>,
): Promise<void> {
  const { s, v, path = '' } = readTaskParty(task.source)
  const source = parsePath(v === undefined ? path : `volume=${v}/${path}`).path
  const frames = source?.sequence !== undefined
  const name = source?.names.at(-1) ?? (await nameOfShare(change, s ?? v))
  checkName(name)
  demandNames(client, [name])
  const names = frames ? directory.names : [...directory.names, name]
  const end = ownPathEnd(user, client, { ...directory, names })
  // Some systems know no case.
  const spot = name.toLowerCase()
  const other = frames ? undefined : taken.get(spot)
  if (other !== undefined) {
    const words = `Tasks ${other} and ${task.uri} are both called ${name}, and one would overwrite the other`
    throw new WaybillError('conflict', `${words}: choose different directories, task by task`)
  }
  taken.set(spot, task.uri)
  // Its fingerprint stays: the same file sent to the same receiver once more is the same task.
  await change.tx
    .updateTable('task')
    .set({ destination: JSON.stringify(end.task), modified: change.now })
    .where('id', '=', task.id)
    .execute()
}

async function nameOfShare({ tx }: Change, id: string | undefined): Promise<string> {
  if (id === undefined) return 'files'
  const share = await tx
    .selectFrom('share')
    .select(['kind', 'code', 'path'])
    .where('id', '=', id)
    .executeTakeFirst()
  const directory = share === undefined || share.kind === 'volume' ? undefined : segments(share.path)?.at(-1)
  return directory ?? share?.code ?? 'files'
}
