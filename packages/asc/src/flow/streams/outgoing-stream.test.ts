import { expect, it } from 'vitest'
import { ahead } from '../limits.js'
import { OutgoingStream } from './outgoing-stream.js'
import { pageBytes } from './pages.js'

const window = 4 * pageBytes
const everything = 1e12

/** A stream to which nothing more can be written, all of it sent. */
function full(): OutgoingStream {
  const stream = new OutgoingStream(window)
  stream.allow(everything)
  const block = Buffer.alloc(10_000)
  while (stream.write(block, everything) > 0);
  while (stream.take(1000) !== undefined);
  return stream
}

it('stores no more than a window and a bit, whatever the peer says that it takes', () => {
  const stream = full()
  expect(stream.held).toBe(window + ahead)
  expect(stream.room(everything)).toBe(0)
})

it('stores no more when the peer has all of it but a byte here and there', () => {
  const stream = full()
  const { sent } = stream
  for (let at = 0; at < sent; at += pageBytes) stream.acked(at + 1, pageBytes - 1)
  expect(stream.held).toBe(sent / pageBytes)
  expect(stream.room(everything)).toBe(0)
  stream.acked(0, 1)
  expect(stream.room(everything)).toBe(pageBytes)
})

it('is asked for no more than it is to hold', () => {
  const stream = new OutgoingStream(window)
  expect(stream.write(Buffer.alloc(1000), 600)).toBe(600)
  expect(stream.room(600)).toBe(0)
  expect(stream.room(700)).toBe(100)
})
