/**
 * Text as it may go to a terminal. Names come from other people's machines, and control characters in them
 * could move the cursor, colour or rewrite what is shown; direction overrides could turn a name around. They
 * are shown as escapes instead.
 */
export function printable(text: string, options: { readonly lines?: boolean } = {}): string {
  return text.replace(/[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, (character) => {
    if (options.lines === true && (character === '\n' || character === '\t')) return character
    const known = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character]
    return known ?? `\\u${character.codePointAt(0)?.toString(16).padStart(4, '0') ?? '0000'}`
  })
}

/** A value as JSON that a terminal may show: escaped beyond what JSON itself demands, and still JSON. */
export function printableJson(json: string): string {
  return printable(json, { lines: true })
}
