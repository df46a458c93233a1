import * as v from 'valibot'

/**
 * What is known of the contents of a file at its destination. `transferred`: its checksum was made of the very
 * bytes that were written there, each chunk of which had been compared with what the sender read. `read`: it was
 * there already, and was read. `present`: it was there already, and nobody looked into it.
 */
export const manifestStates = ['transferred', 'read', 'present'] as const
export type ManifestState = (typeof manifestStates)[number]

/** A file of a manifest as agents write it down: one line of JSON each. */
export interface ManifestLine {
  /** The task's index within its job. */
  readonly task: number
  /** From the directory that the task's destination lies in, `/` between names; what is no UTF-8 is replaced. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** Nanoseconds since 1970, in decimal digits. */
  readonly mtime: string
  readonly state: ManifestState
  /** xxh128 (XXH3 of 128 bits, seed 0) of its contents in 32 hexadecimal digits; none for what was not read. */
  readonly checksum: string | null
  /** The path's bytes in base64, where they are no UTF-8. */
  readonly bytes?: string
}

const letters: Readonly<Record<ManifestState, string>> = { transferred: 't', read: 'r', present: 'p' }
const states: Readonly<Record<string, ManifestState>> = { t: 'transferred', r: 'read', p: 'present' }

/** The line, with its end. */
export function printManifestLine(line: ManifestLine): string {
  const { task, path, size, mtime, state, checksum, bytes } = line
  // By hand: there is one for every file, and nothing but the path needs escapes.
  const head = `${manifestLineHead(task, path)}${size},"${mtime}","${letters[state]}","${checksum ?? ''}"`
  return bytes === undefined ? `${head}]\n` : `${head},"${bytes}"]\n`
}

/** How the line of a file begins, and no line of another one. */
export function manifestLineHead(task: number, path: string): string {
  return `[${task},${JSON.stringify(path)},`
}

const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER))
const path = v.pipe(v.string(), v.maxLength(8192))
const fields = {
  mtime: v.pipe(v.string(), v.regex(/^-?\d{1,20}$/)),
  state: v.picklist(['t', 'r', 'p']),
  checksum: v.pipe(v.string(), v.regex(/^(?:[0-9a-f]{32})?$/)),
}
const row = v.union([
  v.strictTuple([count, path, count, fields.mtime, fields.state, fields.checksum]),
  v.strictTuple([
    count,
    path,
    count,
    fields.mtime,
    fields.state,
    fields.checksum,
    v.pipe(v.string(), v.base64(), v.maxLength(8192)),
  ]),
])

/** Reads one line, without its end; undefined when it is none. */
export function parseManifestLine(text: string): ManifestLine | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return undefined
  }
  const parsed = v.safeParse(row, json)
  if (!parsed.success) return undefined
  const [task, path, size, mtime, letter, checksum, bytes] = parsed.output
  const state = states[letter]
  if (state === undefined || (state === 'present') !== (checksum === '')) return undefined
  const line = { task, path, size, mtime, state, checksum: checksum === '' ? null : checksum }
  return bytes === undefined ? line : { ...line, bytes }
}
