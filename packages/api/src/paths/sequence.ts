import { refused } from './names.js'
import type { Sequence } from './notation.js'

const SEQUENCE = /^([^%]*)%(?:0?(\d{1,2}))?d([^%]*)\[(\d{1,10})-(\d{1,10})\]$/
const MAX_FRAMES = 1_000_000

/**
 * Reads a name such as `movie.%04d.jpg[100-167]`; undefined when it is no sequence. Throws `bad_request` for
 * one that counts backwards or without end.
 */
export function parseSequence(name: string): Sequence | undefined {
  const match = SEQUENCE.exec(name)
  if (match === null) return undefined
  const [, prefix = '', digits = '1', suffix = '', first, last] = match
  const sequence = { prefix, suffix, digits: Number(digits), first: Number(first), last: Number(last) }
  if (sequence.last < sequence.first)
    throw refused(`The sequence ${name} counts backwards; write [${sequence.last}-${sequence.first}]`)
  if (sequence.last - sequence.first >= MAX_FRAMES)
    throw refused(`The sequence ${name} has more than ${MAX_FRAMES} files; send the directory instead`)
  return sequence
}

/** The name of one file of a sequence. */
export function frameName({ prefix, suffix, digits }: Sequence, frame: number): string {
  return `${prefix}${String(frame).padStart(digits, '0')}${suffix}`
}

/** The names of all files of a sequence, in order. */
export function* frameNames(sequence: Sequence): Generator<string> {
  for (let frame = sequence.first; frame <= sequence.last; frame += 1) yield frameName(sequence, frame)
}
