import { randomBytes } from 'node:crypto'
import { type Payload, ProtocolError, writeHeader } from '@waybill/asc'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LinkKeys } from './link-keys.js'
import { RecordOpener, RecordSealer } from './records.js'

const secret = randomBytes(64)
const connector = new LinkKeys(secret, 'aes128', true)
const listener = new LinkKeys(secret, 'aes128', false)

function frameOf(payload: Uint8Array, type = 33): Buffer {
  const frame = Buffer.alloc(5 + payload.length)
  writeHeader(frame, type, payload.length)
  frame.set(payload, 5)
  return frame
}

/** The records of some frames, each sealed in steps of `step` bytes. */
function seal(frames: readonly Buffer[], step: number, index = 1): Buffer[] {
  const sealer = new RecordSealer(connector.connection(index).outgoing)
  return frames.map((frame) => {
    const record = sealer.seal(Buffer.from(frame))
    const pieces: Buffer[] = []
    while (record.left > 0) pieces.push(...record.next(step))
    return Buffer.concat(pieces)
  })
}

/** What a reader hands out of a stream that arrives in pieces, how it failed, and how much memory it still holds. */
function open(stream: Buffer, step: number, index = 1) {
  const frames: Buffer[] = []
  let held = 0
  const allocate = (length: number): Payload => {
    held++
    return { bytes: Buffer.alloc(length), release: () => held-- }
  }
  const opener = new RecordOpener(listener.connection(index).incoming, { allocate }, (type, payload) => {
    frames.push(frameOf(payload.bytes, type))
    payload.release()
  })
  let error: unknown
  try {
    for (let at = 0; at < stream.length; at += step) opener.push(stream.subarray(at, at + step))
  } catch (thrown) {
    error = thrown
  }
  opener.close()
  return { frames, error, held }
}

const payloads = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 5 })
const steps = fc.integer({ min: 1, max: 400 })

describe('records', () => {
  it('arrive as they were sent, however the stream is cut', () => {
    fc.assert(
      fc.property(payloads, steps, steps, (given, out, into) => {
        const frames = given.map((payload) => frameOf(payload))
        const { frames: got, error, held } = open(Buffer.concat(seal(frames, out)), into)
        expect(error).toBeUndefined()
        expect(held).toBe(0)
        expect(got).toEqual(frames)
      }),
    )
  })

  it('that were changed anywhere are refused, and nothing of them is handed out', () => {
    fc.assert(
      fc.property(payloads, steps, fc.nat(), fc.integer({ min: 1, max: 255 }), (given, step, where, mask) => {
        const frames = given.map((payload) => frameOf(payload))
        const stream = Buffer.concat(seal(frames, step))
        const at = where % stream.length
        stream.writeUInt8(stream.readUInt8(at) ^ mask, at)
        const { frames: got, error, held } = open(stream, step)
        // A length that grew may wait for bytes that never come; what was before it is good.
        expect(error === undefined || error instanceof ProtocolError).toBe(true)
        expect(got).toEqual(frames.slice(0, got.length))
        expect(got.length).toBeLessThan(frames.length)
        expect(held).toBe(0)
      }),
    )
  })

  it('that come twice, in another order, or without one before are refused', () => {
    const frames = ['one', 'two', 'three'].map((text) => frameOf(Buffer.from(text)))
    const [one, two, three] = seal(frames, 100)
    if (one === undefined || two === undefined || three === undefined) throw new Error('three were made')
    for (const [stream, good] of [
      [[one, one], 1],
      [[two, one], 0],
      [[one, three], 1],
    ] as const) {
      const { frames: got, error } = open(Buffer.concat(stream), 7)
      expect(error).toBeInstanceOf(ProtocolError)
      expect(got).toEqual(frames.slice(0, good))
    }
  })

  it('of another connection, or sent back, are refused', () => {
    const [record] = seal([frameOf(Buffer.from('hello'))], 100)
    if (record === undefined) throw new Error('one was made')
    expect(open(record, 50, 2).error).toBeInstanceOf(ProtocolError)
    const back = new RecordOpener(
      connector.connection(1).incoming,
      { allocate: (length) => ({ bytes: Buffer.alloc(length), release: () => undefined }) },
      () => undefined,
    )
    expect(() => back.push(record)).toThrow('not authentic')
  })

  it('that are cut deliver nothing and hold nothing', () => {
    const [record] = seal([frameOf(randomBytes(200))], 50)
    const { frames, error, held } = open((record ?? Buffer.alloc(0)).subarray(0, -1), 10)
    expect([frames.length, error, held]).toEqual([0, undefined, 0])
  })

  it('that claim too much take no memory', () => {
    const huge = Buffer.from([0xff, 0xff, 0xff, 0x7f, 33])
    const { error, held } = open(huge, 1)
    expect(error).toMatchObject({ violation: 'limit' })
    expect(held).toBe(0)
  })

  it('random bytes are refused or waited for, never handed out', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), steps, (bytes, step) => {
        expect(open(Buffer.from(bytes), step).frames).toEqual([])
      }),
    )
  })
})
