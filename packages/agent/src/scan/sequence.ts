import type { BytePath } from '@waybill/asc'

/** A numbered sequence of files in one directory. */
export interface Sequence {
  readonly first: number
  readonly last: number
  /** The name of frame `number`. */
  name(number: number): BytePath
}

const maxFrames = 10_000_000

const pattern = /^(.*)%(0?)(\d*)d(.*)\[(\d{1,12})-(\d{1,12})\]$/s

/** Reads `movie.%04d.jpg[100-167]`; undefined for any other name. */
export function parseSequence(name: string): Sequence | undefined {
  const match = pattern.exec(name)
  if (match === null) return undefined
  const [, before = '', zero = '', width = '', after = '', first = '', last = ''] = match
  if (Number(last) < Number(first) || Number(last) - Number(first) >= maxFrames || Number(width) > 20)
    return undefined
  const bytes = (text: string) => Buffer.from(text).toString('latin1')
  const [head, tail] = [bytes(before), bytes(after)]
  return {
    first: Number(first),
    last: Number(last),
    name: (number) => head + String(number).padStart(Number(width), zero === '' ? ' ' : '0') + tail,
  }
}

/** Numbers as runs: `3, 7-9`. Names the first runs of very many. */
export function describeGaps(numbers: readonly number[], runs = 20): string {
  const parts: string[] = []
  let start = 0
  for (let i = 0; i < numbers.length; i++) {
    const here = numbers[i] ?? 0
    if (numbers[i + 1] === here + 1) continue
    const from = numbers[start] ?? here
    parts.push(from === here ? String(here) : `${from}-${here}`)
    start = i + 1
  }
  const more = parts.length > runs ? ` and ${parts.length - runs} more gaps` : ''
  return parts.slice(0, runs).join(', ') + more
}
