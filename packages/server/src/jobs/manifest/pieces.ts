import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { maxManifestLines, WaybillError } from '@waybill/api'
import type { WorkspaceStore } from '../../store/store.js'

const unzip = promisify(gunzip)

/** Lines from which on a page is full; the last piece of it comes whole. */
const fullPage = 5000
/** Tasks that one query asks about. */
const tasksAtOnce = 500

export interface Page<Line> {
  /** What agents told of tasks, with the id of each task. */
  readonly lines: readonly { readonly line: Line; readonly task: string }[]
  /** Where the next page begins; null after the last. */
  readonly next: string | null
}

interface Piece {
  readonly run: number
  readonly seq: number
  readonly lines: string
}

/**
 * A page of what agents told of a job line by line, in the order in which they did. Of a task that ran several
 * times the latest run counts. What `parse` does not know is left out.
 */
export async function readPieces<Line extends { readonly task: number }>(
  store: WorkspaceStore,
  job: string,
  after: string | undefined,
  parse: (line: string) => Line | undefined,
): Promise<Page<Line>> {
  const found: { line: Line; task: string }[] = []
  let cursor = parseCursor(after)
  while (found.length < fullPage) {
    const piece = await nextPiece(store, job, cursor)
    if (piece === undefined) return { lines: found, next: null }
    const lines = await linesOf(piece.lines, parse)
    const tasks = await tasksOf(store, job, piece.run, [...new Set(lines.map(({ task }) => task))])
    for (const line of lines) {
      const task = tasks.get(line.task)
      if (task !== undefined) found.push({ line, task })
    }
    cursor = piece
  }
  return { lines: found, next: `${cursor.run}.${cursor.seq}` }
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

/** An agent made it: nothing about it is taken for granted. */
async function linesOf<Line>(
  zipped: string,
  parse: (line: string) => Line | undefined,
): Promise<readonly Line[]> {
  let text: string
  try {
    const options = { maxOutputLength: maxManifestLines }
    text = (await unzip(Buffer.from(zipped, 'base64'), options)).toString('utf8')
  } catch {
    return []
  }
  return text.split('\n').flatMap((line) => (line === '' ? [] : (parse(line) ?? [])))
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
