const WIRE_DATE = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?)?Z?$/i

/** A moment as clients read it: UTC, `YYYY-MM-DDTHH:MM:SS`, no zone suffix. */
export function formatDate(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19)
}

/** A moment and how exactly it was given; the text stands for [from, to). */
export interface DateRange {
  readonly from: number
  readonly to: number
}

/** Reads a date, a minute, a second or a millisecond in UTC; undefined when the text is no date. */
export function parseDate(text: string): DateRange | undefined {
  const match = WIRE_DATE.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, fraction] = match
  const ms = fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1000)
  const parts = [year, month, day, hour ?? 0, minute ?? 0, second ?? 0].map(Number)
  const [y = 0, mo = 1, d = 1, h = 0, mi = 0, s = 0] = parts
  const from = Date.UTC(y, mo - 1, d, h, mi, s, ms)
  const date = new Date(from)
  // Date.UTC rolls 31 February over into March; such a text names no day.
  if (date.getUTCFullYear() !== y || date.getUTCMonth() !== mo - 1 || date.getUTCDate() !== d)
    return undefined
  if (h > 23 || mi > 59 || s > 59) return undefined
  const width =
    hour === undefined ? 86_400_000 : second === undefined ? 60_000 : fraction === undefined ? 1000 : 1
  return { from, to: from + width }
}
