/**
 * Lists as comma-separated values, RFC 4180: lines end in CR LF, and a value with a comma, a quote or a line
 * break stands in quotes, its quotes doubled.
 */
export async function* csvOf(
  columns: readonly string[],
  pages: AsyncIterable<readonly Readonly<Record<string, unknown>>[]>,
): AsyncGenerator<string, void> {
  yield line(columns)
  for await (const page of pages) yield page.map((row) => line(columns.map((name) => row[name]))).join('')
}

function line(values: readonly unknown[]): string {
  return `${values.map(cell).join(',')}\r\n`
}

function cell(value: unknown): string {
  const text = harmless(textOf(value))
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/**
 * What a spreadsheet would take for a formula gets an apostrophe in front, which makes it text: devices and
 * names are whatever their users chose. https://owasp.org/www-community/attacks/CSV_Injection
 */
function harmless(text: string): string {
  return /^[=+\-@\t\r\n|%]/.test(text) ? `'${text}` : text
}
