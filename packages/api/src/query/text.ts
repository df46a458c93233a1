/**
 * Text as queries compare it: without regard to case, and in the order of code points, so that SQLite,
 * PostgreSQL and this code agree.
 */
export function fold(text: string): string {
  return text.toLowerCase()
}

/** Negative, zero or positive, by code points of the folded texts (not by UTF-16 units, as `<` would). */
export function compareText(left: string, right: string): number {
  const a = fold(left)
  const b = fold(right)
  let index = 0
  while (index < a.length && index < b.length && a[index] === b[index]) index += 1
  // Step back from within a pair of surrogates to its start.
  if (index > 0 && /[\udc00-\udfff]/.test(a.charAt(index) + b.charAt(index))) index -= 1
  return (a.codePointAt(index) ?? -1) - (b.codePointAt(index) ?? -1)
}

/** Whether `text` equals `pattern`, in which `*` stands for any run of characters. Linear in the text. */
export function matchesWildcard(text: string, pattern: string): boolean {
  const folded = fold(text)
  const [head = '', ...rest] = fold(pattern).split('*')
  const tail = rest.pop()
  if (tail === undefined) return folded === head
  if (!folded.startsWith(head)) return false
  let at = head.length
  for (const piece of rest) {
    const found = folded.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return folded.length - tail.length >= at && folded.endsWith(tail)
}

/** Whether a value of `=` holds nothing but wildcards: it asks for the presence of any value at all. */
export function isAnything(pattern: string): boolean {
  return /^\*+$/.test(pattern)
}
