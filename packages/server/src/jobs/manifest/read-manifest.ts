import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import {
  type ManifestLine,
  maxManifestLines,
  parseManifestLine,
  printNanoseconds,
  WaybillError,
} from '@waybill/api'
import type { Json } from '../../entities/engine/present.js'
import type { WorkspaceStore } from '../../store/store.js'

const unzip = promisify(gunzip)

/** Files from which on a page is full; the last piece of it comes whole. */
const fullPage = 5000
/** Tasks that one query asks about. */
const tasksAtOnce = 500

export interface ManifestPage {
  readonly files: readonly Json[]
  /** Where the next page begins; null after the last. */
  readonly next: string | null
}

interface Piece {
  readonly run: number
  readonly seq: number
  readonly lines: string
}

/**
 * A page of the files that a job brought to its destination, or found there, in the order in which they were told.
 * Of a task that ran several times the latest run counts.
 */
export async function readManifest(
  store: WorkspaceStore,
  job: string,
  after: string | undefined,
): Promise<ManifestPage> {
  const files: Json[] = []
  let cursor = parseCursor(after)
  while (files.length < fullPage) {
    const piece = await nextPiece(store, job, cursor)
    if (piece === undefined) return { files, next: null }
    for (const file of await filesOf(store, job, piece)) files.push(file)
    cursor = piece
  }
  return { files, next: `${cursor.run}.${cursor.seq}` }
}

function parseCursor(text: string | undefined): Pick<Piece, 'run' | 'seq'> {
  if (text === undefined || text === '') return { run: -1, seq: 0 }
  const [run = '', seq = ''] = /^(\d{1,15})\.(\d{1,15})$/.exec(text)?.slice(1) ?? []
  if (run !== '') return { run: Number(run), seq: Number(seq) }
  throw new WaybillError('bad_request', 'after has to be the `next` of the page before')
}

async function nextPiece(
  { db }: WorkspaceStore,
  job: string,
  { run, seq }: Pick<Piece, 'run' | 'seq'>,
): Promise<Piece | undefined> {
  return await db
    .selectFrom('manifest')
    .select(['run', 'seq', 'lines'])
    .where('job', '=', job)
    .where((is) => is.or([is('run', '>', run), is.and([is('run', '=', run), is('seq', '>', seq)])]))
    .orderBy('run')
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst()
}

async function filesOf(store: WorkspaceStore, job: string, piece: Piece): Promise<Json[]> {
  const lines = await linesOf(piece.lines)
  const tasks = await tasksOf(store, job, piece.run, [...new Set(lines.map(({ task }) => task))])
  return lines.flatMap((line) => {
    const task = tasks.get(line.task)
    if (task === undefined) return []
    const { path, size, mtime, state, checksum, bytes } = line
    const file = { task, path, size, modified: printNanoseconds(BigInt(mtime)), state, checksum }
    return [bytes === undefined ? file : { ...file, bytes }]
  })
}

/** An agent made it: nothing about it is taken for granted. */
async function linesOf(zipped: string): Promise<readonly ManifestLine[]> {
  let text: string
  try {
    const options = { maxOutputLength: maxManifestLines }
    text = (await unzip(Buffer.from(zipped, 'base64'), options)).toString('utf8')
  } catch {
    return []
  }
  return text.split('\n').flatMap((line) => (line === '' ? [] : (parseManifestLine(line) ?? [])))
}

/** Ids of those tasks whose latest run this is, by their index. */
async function tasksOf(
  { db }: WorkspaceStore,
  job: string,
  run: number,
  indices: readonly number[],
): Promise<Map<number, string>> {
  const found = new Map<number, string>()
  for (let at = 0; at < indices.length; at += tasksAtOnce) {
    const rows = await db
      .selectFrom('task')
      .select(['id', 'seq'])
      .where('job', '=', job)
      .where('run', '=', run)
      .where('seq', 'in', indices.slice(at, at + tasksAtOnce))
      .execute()
    for (const { id, seq } of rows) found.set(seq, id)
  }
  return found
}
