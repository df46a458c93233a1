/** Space that stays free on a disk: so many bytes, or a part of its size. */
export type Reserve =
  | { readonly kind: 'bytes'; readonly bytes: number }
  | { readonly kind: 'part'; readonly part: number }

/** Reads `500` (MB of 1,000,000 bytes) or `10%`; undefined for what is neither. */
export function readReserve(value: string): Reserve | undefined {
  const match = /^(\d{1,12}(?:\.\d{1,6})?)\s*(%|mb)?$/.exec(value.trim().toLowerCase())
  const amount = Number(match?.[1] ?? Number.NaN)
  if (match === null || !Number.isFinite(amount)) return undefined
  if (match[2] !== '%') return { kind: 'bytes', bytes: Math.round(amount * 1e6) }
  return amount > 100 ? undefined : { kind: 'part', part: amount / 100 }
}

const on = ['true', 'on', 'yes', '1']
const off = ['false', 'off', 'no', '0']

/** A switch's value; undefined for what is none. */
export function readSwitch(value: string): boolean | undefined {
  const word = value.trim().toLowerCase()
  if (on.includes(word)) return true
  return off.includes(word) ? false : undefined
}

/** The words of a list with commas, in lower case. */
export function readWords(value: string): readonly string[] {
  const parts = value.split(',').map((word) => word.trim().toLowerCase())
  return parts.filter((word) => word !== '')
}
