import { ProtocolError } from '../protocol-error.js'
import { ackRanges, pieceHead } from './limits.js'
import type { Ranges } from './streams/ranges.js'

export type FlowStream = 'control' | 'data'

/** Numbers of what a packet holds. Little endian; `u48` is an unsigned number of 6 bytes. */
const kind = {
  /** offset u48, length u16, bytes */
  control: 1,
  data: 2,
  /** see `writeAck` */
  ack: 3,
  ping: 4,
  close: 5,
} as const

/** Which packets arrived, and how far the peer may write. */
export interface Ack {
  /** From the highest down; [start, end). */
  readonly ranges: readonly { readonly start: number; readonly end: number }[]
  /** How long ago the highest one arrived, milliseconds. */
  readonly delay: number
  readonly limits: { readonly control: number; readonly data: number }
}

export type Part =
  | { readonly type: 'piece'; readonly stream: FlowStream; readonly offset: number; readonly bytes: Buffer }
  | ({ readonly type: 'ack' } & Ack)
  | { readonly type: 'ping' }
  | { readonly type: 'close' }

const ackHead = 1 + 4 + 6 + 6 + 6 + 1
/** One range: how many numbers below the range before it, and how many in it. */
const rangeBytes = 4 + 4
const microsecondsMax = 0xffff_ffff

/** The longest acknowledgement. */
export const ackBytes = ackHead + ackRanges * rangeBytes

/** Writes the parts of one packet into a buffer. */
export class PacketWriter {
  readonly #bytes: Buffer
  #at = 0

  constructor(length: number) {
    this.#bytes = Buffer.alloc(length)
  }

  reset(): void {
    this.#at = 0
  }

  /** Bytes of a stream for which there is room. */
  get room(): number {
    return Math.max(0, this.#bytes.length - this.#at - pieceHead)
  }

  /** Room for a piece of `length` bytes, which the caller fills: the buffer and where in it. */
  piece(stream: FlowStream, offset: number, length: number): { readonly into: Buffer; readonly at: number } {
    this.#bytes.writeUInt8(kind[stream], this.#at)
    this.#bytes.writeUIntLE(offset, this.#at + 1, 6)
    this.#bytes.writeUInt16LE(length, this.#at + 7)
    const at = this.#at + pieceHead
    this.#at = at + length
    return { into: this.#bytes, at }
  }

  /** `received`: numbers that arrived; the highest `ackRanges` ranges are named. */
  ack(received: Ranges, delayMs: number, limits: Ack['limits']): void {
    const count = Math.min(received.count, ackRanges)
    const bytes = this.#bytes
    let at = this.#at
    at = bytes.writeUInt8(kind.ack, at)
    at = bytes.writeUInt32LE(Math.min(microsecondsMax, Math.round(delayMs * 1000)), at)
    at = bytes.writeUIntLE(limits.control, at, 6)
    at = bytes.writeUIntLE(limits.data, at, 6)
    at = bytes.writeUIntLE(received.end, at, 6)
    at = bytes.writeUInt8(count, at)
    let above = received.end
    for (let i = 1; i <= count; i++) {
      const { start, end } = received.at(received.count - i)
      at = bytes.writeUInt32LE(above - end, at)
      at = bytes.writeUInt32LE(end - start, at)
      above = start
    }
    this.#at = at
  }

  ping(): void {
    this.#at = this.#bytes.writeUInt8(kind.ping, this.#at)
  }

  close(): void {
    this.#at = this.#bytes.writeUInt8(kind.close, this.#at)
  }

  /** What was written; good until the next `reset`. */
  done(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }
}

/** The parts of a packet, in order. What does not make sense is a protocol error. */
export function* readPacket(bytes: Buffer): Generator<Part> {
  for (let at = 0; at < bytes.length; ) {
    const type = bytes[at]
    switch (type) {
      case kind.control:
      case kind.data: {
        need(bytes, at, pieceHead)
        const offset = bytes.readUIntLE(at + 1, 6)
        const length = bytes.readUInt16LE(at + 7)
        const start = at + pieceHead
        need(bytes, start, length)
        at = start + length
        const stream = type === kind.data ? 'data' : 'control'
        yield { type: 'piece', stream, offset, bytes: bytes.subarray(start, at) }
        break
      }
      case kind.ack: {
        const { ack, end } = readAck(bytes, at)
        at = end
        yield { type: 'ack', ...ack }
        break
      }
      case kind.ping:
        at++
        yield { type: 'ping' }
        break
      case kind.close:
        at++
        yield { type: 'close' }
        break
      default:
        throw new ProtocolError('frame', `a packet with a part of type ${type}`)
    }
  }
}

function readAck(bytes: Buffer, start: number): { readonly ack: Ack; readonly end: number } {
  need(bytes, start, ackHead)
  const delay = bytes.readUInt32LE(start + 1) / 1000
  const limits = { control: bytes.readUIntLE(start + 5, 6), data: bytes.readUIntLE(start + 11, 6) }
  let above = bytes.readUIntLE(start + 17, 6)
  const count = bytes.readUInt8(start + 23)
  let at = start + ackHead
  if (count > ackRanges) throw new ProtocolError('limit', 'an acknowledgement lists too much')
  need(bytes, at, count * rangeBytes)
  const ranges: { start: number; end: number }[] = []
  for (let i = 0; i < count; i++, at += rangeBytes) {
    const end = above - bytes.readUInt32LE(at)
    above = end - bytes.readUInt32LE(at + 4)
    if (above < 0 || above === end) throw new ProtocolError('frame', 'an acknowledgement of what cannot be')
    ranges.push({ start: above, end })
  }
  return { ack: { ranges, delay, limits }, end: at }
}

function need(bytes: Buffer, at: number, length: number): void {
  if (at + length > bytes.length) throw new ProtocolError('frame', 'a packet ends too early')
}
