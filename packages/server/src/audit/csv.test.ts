import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvOf } from './csv.js'

async function csv(columns: readonly string[], ...pages: Record<string, unknown>[][]): Promise<string> {
  const pieces = csvOf(
    columns,
    (async function* () {
      for (const page of pages) yield await Promise.resolve(page)
    })(),
  )
  const text: string[] = []
  for await (const piece of pieces) text.push(piece)
  return text.join('')
}

/** Reads RFC 4180 back, character by character. */
function parse(text: string): string[][] {
  const rows: string[][] = [[]]
  let field = ''
  let quoted = false
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? ''
    if (quoted) {
      if (char !== '"') field += char
      else if (text[at + 1] === '"') {
        field += '"'
        at += 1
      } else quoted = false
    } else if (char === '"') quoted = true
    else if (char === ',' || (char === '\r' && text[at + 1] === '\n')) {
      rows.at(-1)?.push(field)
      field = ''
      if (char === '\r') {
        at += 1
        rows.push([])
      }
    } else field += char
  }
  rows.pop()
  return rows
}

describe('comma-separated values', () => {
  it('have a head, and one line for each row of every page', async () => {
    expect(await csv(['a', 'b'], [{ a: 1, b: 'x' }], [{ a: null, b: { c: 2 } }])).toBe(
      'a,b\r\n1,x\r\n,"{""c"":2}"\r\n',
    )
  })

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '|cmd', '%x'])('are no formulas: %s', async (value) => {
    expect(parse(await csv(['a'], [{ a: value }]))[1]).toEqual([`'${value}`])
  })

  it('can be read back whatever is in them', async () => {
    const plain = fc.string({ unit: 'grapheme' }).filter((text) => !/^[=+\-@\t\r\n|%]/.test(text))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ a: plain, b: plain })), async (rows) => {
        expect(parse(await csv(['a', 'b'], rows)).slice(1)).toEqual(rows.map(({ a, b }) => [a, b]))
      }),
    )
  })
})
