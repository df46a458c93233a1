import { frameName, parseSequence as readSequence } from '@waybill/api'
import type { BytePath } from '@waybill/asc'

/** A numbered sequence of files in one directory. */
export interface Sequence {
  readonly first: number
  readonly last: number
  /** The name of frame `number`. */
  name(number: number): BytePath
}

/** Reads `movie.%04d.jpg[100-167]` as the control plane does; undefined for any other name. */
export function parseSequence(name: string): Sequence | undefined {
  try {
    const sequence = readSequence(name)
    if (sequence === undefined) return undefined
    const { first, last } = sequence
    return { first, last, name: (number) => Buffer.from(frameName(sequence, number)).toString('latin1') }
  } catch {
    // One that counts backwards or without end is no sequence, but may well be the name of a file.
    return undefined
  }
}

/** Numbers as runs: `3,7-9`. Names the first runs of very many. */
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
  return parts.slice(0, runs).join(',') + more
}
