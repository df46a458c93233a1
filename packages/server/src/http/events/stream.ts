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
