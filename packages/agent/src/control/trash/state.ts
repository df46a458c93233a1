import { readFile } from 'node:fs/promises'
import { writeAtomically } from '../state/files.js'

export interface KnownRoot {
  /** When something went to its trash last, in time watched. */
  used: number
  /** When each folder was seen first, in time watched. */
  seen: Map<string, number>
}

/** What is remembered of the trash that an agent looks after. */
export interface TrashState {
  /** Milliseconds that trash was watched in all. */
  watched: number
  /** When this was written, by the clock on the wall. */
  written: number
  readonly roots: Map<string, KnownRoot>
}

/** What a file holds; undefined when it is not there or not sound. */
export async function readState(file: string): Promise<TrashState | undefined> {
  try {
    return parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return undefined
  }
}

export async function writeState(file: string, { watched, written, roots }: TrashState): Promise<void> {
  const plain = [...roots].map(([root, { used, seen }]) => ({ root, used, seen: [...seen] }))
  await writeAtomically(file, `${JSON.stringify({ watched, written, roots: plain })}\n`)
}

function parse(value: unknown): TrashState | undefined {
  if (!isRecord(value) || !isTime(value.watched) || !isTime(value.written)) return undefined
  const roots = new Map<string, KnownRoot>()
  for (const item of Array.isArray(value.roots) ? value.roots : []) {
    if (!isRecord(item) || typeof item.root !== 'string' || !isTime(item.used)) continue
    const seen = Array.isArray(item.seen) ? item.seen.filter(isSeen) : []
    roots.set(item.root, { used: item.used, seen: new Map(seen) })
  }
  return { watched: value.watched, written: value.written, roots }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function isSeen(value: unknown): value is [string, number] {
  return Array.isArray(value) && typeof value[0] === 'string' && isTime(value[1])
}
