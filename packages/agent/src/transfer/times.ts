/** Nanoseconds since 1970 as the seconds that node:fs takes. A double keeps about a microsecond of them. */
export function toSeconds(mtime: bigint): number {
  return Number(mtime / 1000n) / 1e6
}

/**
 * Whether two times are the same as far as a copy can tell: node:fs sets times through a double, so that the
 * last digits of the nanoseconds get lost on the way.
 */
export function sameTime(a: bigint, b: bigint): boolean {
  const apart = a > b ? a - b : b - a
  return apart < 2000n
}
