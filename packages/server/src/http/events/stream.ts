import { Readable } from 'node:stream'
import type { Json } from '../../entities/engine/present.js'

/**
 * A list under `result`. What fits into one page is answered in one piece, so that an error while reading it
 * is still an answer; of longer lists only a page at a time is held. Should the database fail in the middle
 * of one of these, the connection breaks: half a list must not look like a whole one.
 */
export async function serializePages(pages: AsyncIterable<readonly Json[]>): Promise<string | Readable> {
  const iterator = pages[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done === true) return JSON.stringify({ result: [] })
  const second = await iterator.next()
  if (second.done === true) return JSON.stringify({ result: first.value })
  return Readable.from(pieces([first.value, second.value], iterator), { objectMode: false })
}

/** The same for JSON text that comes in pieces. */
export async function serializeText(text: AsyncIterable<string>): Promise<string | Readable> {
  const iterator = text[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done === true) throw new Error('An answer without any text')
  const second = await iterator.next()
  if (second.done === true) return `{"result":${first.value}}`
  const start = `{"result":${first.value}${second.value}`
  return Readable.from(textPieces(start, iterator), { objectMode: false })
}

async function* textPieces(start: string, rest: AsyncIterator<string>): AsyncGenerator<string, void> {
  try {
    yield start
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
    yield '}'
  } finally {
    // Whoever asked may have hung up in the middle.
    await rest.return?.()
  }
}

async function* pieces(
  [first, second]: readonly [readonly Json[], readonly Json[]],
  rest: AsyncIterator<readonly Json[]>,
): AsyncGenerator<string, void> {
  yield `{"result":[${items(first)}`
  yield `,${items(second)}`
  for (let next = await rest.next(); next.done !== true; next = await rest.next())
    yield `,${items(next.value)}`
  yield ']}'
}

function items(page: readonly Json[]): string {
  return page.map((entity) => JSON.stringify(entity)).join(',')
}

/** A text in pieces as the JSON of the whole. */
export async function* jsonOfText(text: AsyncIterable<string>): AsyncGenerator<string, void> {
  yield '"'
  for await (const piece of text) yield JSON.stringify(piece).slice(1, -1)
  yield '"'
}
