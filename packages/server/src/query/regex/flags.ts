export interface Flags {
  readonly multiline: boolean
  readonly dotAll: boolean
}

/**
 * The flags that a pattern starts with, as in `(?im)`: only there does Python take them. The case is never
 * regarded anyway, and characters are always Unicode.
 */
export function readFlags(pattern: string): { readonly flags: Flags; readonly length: number } {
  const match = /^\(\?([aimsu]+)\)/i.exec(pattern)
  const letters = match?.[1]?.toLowerCase() ?? ''
  return {
    flags: { multiline: letters.includes('m'), dotAll: letters.includes('s') },
    length: match?.[0].length ?? 0,
  }
}
