import type { TaskOptions } from '@waybill/api'
import { maxBasis } from '@waybill/asc'

/** What is known of the line between two agents. */
export interface Line {
  /** There and back, milliseconds; undefined when nobody measured it. */
  readonly roundTrip: number | undefined
  /** What the session may send at most, bytes a second; negative is no limit. */
  readonly rate: number
}

const mib = 1024 * 1024
/** Less is sent as fast as it is thought about. */
const leastMissing = mib
/** An older file that is so many times larger is read for longer than the new one takes to send. */
const mostLarger = 8
/** Round trip in milliseconds that no building has, and its lines of 10 Gbit/s, however busy both sides are. */
const farAway = 5
/** Half of what it takes to read and cut a file on both sides, bytes a second. */
const slowRate = 400_000_000

/**
 * Whether the older file is to be told to the sender. Both sides then read all they have, at about a gigabyte a
 * second, before the first byte goes over the line: not worth it in a fast network nearby, always over distance.
 */
export function isWorthIt(
  setting: TaskOptions['delta'],
  older: number,
  missing: number,
  { rate, roundTrip }: Line,
): boolean {
  if (!isPossible(setting, older, missing)) return false
  if (setting === 'always' || (rate >= 0 && rate < slowRate)) return true
  return roundTrip !== undefined && roundTrip >= farAway
}

/** Whether it may be worth it, over a line that is slow enough. */
export function isPossible(setting: TaskOptions['delta'], older: number, missing: number): boolean {
  if (setting === 'never' || older < leastMissing || older > maxBasis || missing < leastMissing) return false
  return setting === 'always' || older <= missing * mostLarger
}
