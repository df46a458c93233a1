import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  blockBytes,
  type ControlFrame,
  chunkDataAt,
  decode,
  encode,
  FrameDecoder,
  frameLimit,
  frameType,
  headerBytes,
  maxDataFrame,
  PackWriter,
  ProtocolError,
  readChunk,
  readPack,
  readPatch,
  sealChunk,
  transports,
  verdicts,
} from './index.js'

const u32 = fc.nat(0xffff_ffff)
const bytesText = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1'))
const code = fc.constantFrom('', 'E#J001', 'W#J058')
const message = fc.string({ maxLength: 200 })
const digest = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes))

const entry = fc.record({
  id: u32,
  task: u32,
  kind: fc.constantFrom('file' as const, 'directory' as const),
  path: bytesText,
  size: fc.maxSafeNat(),
  mtime: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  mode: fc.nat(0o7777),
})

const owner = fc.record({
  uid: u32,
  gid: u32,
  user: fc.string({ maxLength: 60 }),
  group: fc.string({ maxLength: 60 }),
})
const extended = fc.array(
  fc.record({
    name: fc.string({ minLength: 1, maxLength: 60 }).filter((name) => !name.includes('\0')),
    value: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
  }),
  { maxLength: 5 },
)
const detailed = fc
  .tuple(entry, fc.option(owner), fc.option(fc.integer({ min: 2, max: 0xffff_ffff })), fc.option(extended))
  .map(([item, whose, names, attributes]) => ({
    ...item,
    ...(whose && { owner: whose }),
    ...(names !== null && item.kind === 'file' && { link: { first: item.id, names } }),
    ...(attributes && { extended: attributes }),
  }))

const frames: fc.Arbitrary<ControlFrame> = fc.oneof(
  fc.record({
    type: fc.constant('hello' as const),
    version: fc.nat(0xffff),
    role: fc.constantFrom('send' as const, 'receive' as const),
    index: fc.nat(255),
    transport: fc.constantFrom(...transports),
    datagram: fc.nat(0xffff),
  }),
  fc.record({ type: fc.constant('ready' as const), tasks: fc.array(u32) }),
  fc.record({ type: fc.constant('entries' as const), entries: fc.array(fc.oneof(entry, detailed)) }),
  fc.record({ type: fc.constant('note' as const), task: u32, path: bytesText, code, message }),
  fc.record({ type: fc.constant('scanned' as const), task: u32, code, message }),
  fc.record({
    type: fc.constant('answers' as const),
    answers: fc.array(fc.record({ id: u32, verdict: fc.constantFrom(...verdicts) })),
  }),
  fc.record({
    type: fc.constant('have' as const),
    id: u32,
    start: u32,
    digests: fc.array(digest).map((list) => Buffer.concat(list)),
  }),
  fc.record({ type: fc.constantFrom('same' as const, 'zeros' as const), id: u32, start: u32, count: u32 }),
  fc.record({ type: fc.constant('differs' as const), id: u32 }),
  fc.record({ type: fc.constant('basis' as const), id: u32, size: fc.maxSafeNat() }),
  fc.record({
    type: fc.constant('blocks' as const),
    id: u32,
    blocks: fc
      .array(fc.uint8Array({ minLength: blockBytes, maxLength: blockBytes }))
      .map((all) => Buffer.concat(all)),
  }),
  fc.record({ type: fc.constant('again' as const), id: u32, index: u32 }),
  fc.record({
    type: fc.constant('ask' as const),
    task: u32,
    folded: fc.boolean(),
    paths: fc.array(bytesText),
  }),
  fc.record({
    type: fc.constant('lacks' as const),
    task: u32,
    lacking: fc.array(fc.boolean()),
    code,
    message,
  }),
  fc.record({ type: fc.constant('fileEnd' as const), id: u32, digest }),
  fc.record({ type: fc.constant('fileLost' as const), id: u32, code, message }),
  fc.record({ type: fc.constantFrom('taskOver' as const, 'cancel' as const), task: u32 }),
  fc.record({ type: fc.constantFrom('ping' as const, 'pong' as const, 'fin' as const) }),
  fc.record({ type: fc.constant('stop' as const), code, message }),
)

/** Decodes a stream that arrives in pieces of `step` bytes; counts what the decoder asked memory for. */
function decodeAll(stream: Buffer, step: number): { frames: [number, Buffer][]; allocated: number[] } {
  const found: [number, Buffer][] = []
  const allocated: number[] = []
  const source = {
    allocate: (length: number) => {
      allocated.push(length)
      return { bytes: Buffer.alloc(length), release: () => undefined }
    },
  }
  const decoder = new FrameDecoder(source, (type, payload) => {
    found.push([type, Buffer.from(payload.bytes)])
    payload.release()
  })
  for (let at = 0; at < stream.length; at += step) decoder.push(stream.subarray(at, at + step))
  return { frames: found, allocated }
}

describe('frames', () => {
  it('come back as they were sent, in steps of any size', () => {
    fc.assert(
      fc.property(
        fc.array(frames, { maxLength: 8 }),
        fc.constantFrom(1, 2, 7, 1000, 100_000),
        (sent, step) => {
          const { frames: got } = decodeAll(Buffer.concat(sent.map(encode)), step)
          expect(got.map(([type, payload]) => decode(type, payload))).toEqual(sent)
        },
      ),
    )
  })

  it('that make no sense are protocol errors, and nothing else, with bounded memory', () => {
    const mangled = fc.tuple(frames, fc.nat(), fc.nat(255), fc.nat()).map(([frame, at, value, cut]) => {
      const bytes = Buffer.from(encode(frame))
      bytes[at % bytes.length] = value
      return bytes.subarray(0, bytes.length - (cut % bytes.length))
    })
    const noise = fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes))
    fc.assert(
      fc.property(fc.oneof(mangled, noise), fc.constantFrom(2, 3, 4096), (stream, step) => {
        try {
          const { frames: got, allocated } = decodeAll(stream, step)
          expect(Math.max(0, ...allocated)).toBeLessThanOrEqual(maxDataFrame)
          for (const [type, payload] of got) {
            if (type === frameType.chunk) readChunk(payload)
            else if (type === frameType.patch) readPatch(payload)
            else if (type === frameType.pack) expect([...readPack(payload)].length).toBeLessThanOrEqual(512)
            else decode(type, payload)
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('of any payload are read or refused, never more', () => {
    const type = fc.constantFrom(...Object.values(frameType))
    fc.assert(
      fc.property(type, fc.uint8Array({ maxLength: 200 }), (number, bytes) => {
        try {
          decode(number, Buffer.from(bytes))
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('are checked against their limit before memory is taken', () => {
    const header = Buffer.alloc(headerBytes)
    for (const type of Object.values(frameType)) {
      header.writeUInt32LE(frameLimit(type) + 1, 0)
      header.writeUInt8(type, 4)
      expect(() => decodeAll(header, 2)).toThrow(ProtocolError)
    }
    header.writeUInt8(200, 4)
    expect(() => decodeAll(header, 5)).toThrow(ProtocolError)
  })

  it('after a broken one are refused', () => {
    const source = {
      allocate: (length: number) => ({ bytes: Buffer.alloc(length), release: () => undefined }),
    }
    const decoder = new FrameDecoder(source, () => undefined)
    expect(() => decoder.push(Buffer.alloc(headerBytes, 0xff))).toThrow(ProtocolError)
    expect(() => decoder.push(encode({ type: 'ping' }))).toThrow(ProtocolError)
  })
})

describe('frames of data', () => {
  it('hold a chunk', () => {
    const buffer = Buffer.alloc(1000)
    buffer.write('data', chunkDataAt)
    const { frames: got } = decodeAll(sealChunk(buffer, 7, 3, 4, Buffer.alloc(16, 9)), 2)
    const [type, payload] = got[0] ?? [0, Buffer.alloc(0)]
    expect(type).toBe(frameType.chunk)
    expect(readChunk(payload)).toEqual({
      id: 7,
      index: 3,
      digest: Buffer.alloc(16, 9),
      data: Buffer.from('data'),
    })
  })

  it('hold files one behind the other, as many as fit', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 20 }), (files) => {
        const pack = new PackWriter(Buffer.alloc(2000))
        const fitted: { id: number; digest: Buffer; data: Buffer }[] = []
        for (const [id, file] of files.entries()) {
          const room = pack.room(file.length)
          if (room === undefined) continue
          room.set(file)
          pack.add(id, file.length, Buffer.alloc(16, id))
          fitted.push({ id, digest: Buffer.alloc(16, id), data: Buffer.from(file) })
        }
        expect([...readPack(pack.done().subarray(headerBytes))]).toEqual(fitted)
      }),
    )
  })
})
