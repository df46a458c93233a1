/**
 * Nanoseconds since 1970 as a date with all of them, `2026-01-31T08:00:00.123456789Z`, as ISO 8601 has it. Empty
 * where no calendar reaches.
 */
export function printNanoseconds(mtime: bigint): string {
  const rest = ((mtime % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  const date = new Date(Number((mtime - rest) / 1_000_000n))
  if (Number.isNaN(date.getTime())) return ''
  const seconds = date.toISOString().replace(/\.\d+Z$/, '')
  return `${seconds}.${rest.toString().padStart(9, '0')}Z`
}
