import { ByteReader, ByteWriter } from './bytes.js'
import { type Entry, entryBytes, readEntry, writeEntry } from './entries/entry.js'
import {
  blockBytes,
  digestBytes,
  headerBytes,
  maxAsked,
  maxControlFrame,
  maxDataFrame,
  maxMessage,
  maxPath,
  maxTasks,
} from './limits.js'
import type { BytePath } from './paths.js'
import { ProtocolError } from './protocol-error.js'

/** Numbers of the frames on the wire. */
export const frameType = {
  hello: 1,
  ready: 2,
  entries: 3,
  note: 4,
  scanned: 5,
  answers: 6,
  have: 7,
  same: 8,
  fileEnd: 9,
  fileLost: 10,
  taskOver: 11,
  cancel: 12,
  ping: 13,
  pong: 14,
  fin: 15,
  stop: 16,
  ask: 17,
  lacks: 18,
  differs: 19,
  basis: 20,
  blocks: 21,
  again: 22,
  zeros: 25,
  pack: 32,
  chunk: 33,
  patch: 34,
} as const

const dataTypes: readonly number[] = [frameType.pack, frameType.chunk, frameType.patch]
const controlTypes = new Set<number>(Object.values(frameType).filter((type) => !dataTypes.includes(type)))

/** Whether a frame of this type carries data: over any connection, in any order. */
export function isData(type: number): boolean {
  return dataTypes.includes(type)
}

/** Longest payload of a frame type, bytes; types that do not exist are a protocol error. */
export function frameLimit(type: number): number {
  if (isData(type)) return maxDataFrame
  if (controlTypes.has(type)) return maxControlFrame
  throw new ProtocolError('frame', `there is no frame of type ${type}`)
}

/**
 * What the receiver says to an entry; `done` and `failed` settle it, as does `skip`. `compare`: a file is there
 * with the chunks of the `have` before; answered by `same` for all of them, or `differs`.
 */
export const verdicts = ['skip', 'send', 'done', 'failed', 'compare'] as const
export type Verdict = (typeof verdicts)[number]

/** How the data of a link travels: as records over TCP, or as a flow of datagrams over UDP. */
export const transports = ['tcp', 'udp'] as const
export type Transport = (typeof transports)[number]

export type ControlFrame =
  | {
      readonly type: 'hello'
      readonly version: number
      readonly role: 'send' | 'receive'
      /** Which connection of the link this is, from 0. */
      readonly index: number
      /** What data travels over; the connecting side chooses. */
      readonly transport: Transport
      /** Largest payload of a datagram that gets through, bytes; 0 over TCP. */
      readonly datagram: number
    }
  /** Receiver: I know these tasks and where they go. */
  | { readonly type: 'ready'; readonly tasks: readonly number[] }
  | { readonly type: 'entries'; readonly entries: readonly Entry[] }
  /** Sender: a part of the source that is left out. A warning when the code starts with W. */
  | {
      readonly type: 'note'
      readonly task: number
      readonly path: BytePath
      readonly code: string
      readonly message: string
    }
  /** Sender: the task has no more entries. With a code, the whole task failed. */
  | { readonly type: 'scanned'; readonly task: number; readonly code: string; readonly message: string }
  | { readonly type: 'answers'; readonly answers: readonly { id: number; verdict: Verdict }[] }
  /** Receiver: digests of the chunks from `start` that it holds; sent before the answer `send`. */
  | { readonly type: 'have'; readonly id: number; readonly start: number; readonly digests: Buffer }
  /** Sender: these chunks are as the receiver has them. */
  | { readonly type: 'same'; readonly id: number; readonly start: number; readonly count: number }
  | { readonly type: 'fileEnd'; readonly id: number; readonly digest: Buffer }
  /** Sender: the file will not come. Without a code it is withdrawn, to be announced anew. */
  | { readonly type: 'fileLost'; readonly id: number; readonly code: string; readonly message: string }
  /** Receiver: the task is settled, one way or the other. */
  | { readonly type: 'taskOver'; readonly task: number }
  /** Sender: the task is taken back. */
  | { readonly type: 'cancel'; readonly task: number }
  | { readonly type: 'ping' }
  | { readonly type: 'pong' }
  /** No task is left and none will come. */
  | { readonly type: 'fin' }
  | { readonly type: 'stop'; readonly code: string; readonly message: string }
  /**
   * Receiver, after all entries are settled: which of these are not there at the source any more? `folded`: names
   * that differ only in case or in how Unicode composes them count as the same.
   */
  | {
      readonly type: 'ask'
      readonly task: number
      readonly folded: boolean
      readonly paths: readonly BytePath[]
    }
  /** Sender, to each `ask` in order: for each of its paths whether the source lacks it. With a code, nobody knows. */
  | {
      readonly type: 'lacks'
      readonly task: number
      readonly lacking: readonly boolean[]
      readonly code: string
      readonly message: string
    }
  /** Sender: the file that was to be compared is another one. */
  | { readonly type: 'differs'; readonly id: number }
  /** Receiver, before it asks for a file: it has an older one of that size, whose blocks follow; 0: not any more. */
  | { readonly type: 'basis'; readonly id: number; readonly size: number }
  /** Receiver: the next blocks of the older file, `blockBytes` each. */
  | { readonly type: 'blocks'; readonly id: number; readonly blocks: Buffer }
  /** Receiver: the patch did not make this chunk; it is to be sent whole. */
  | { readonly type: 'again'; readonly id: number; readonly index: number }
  /** Sender: these chunks hold nothing but zeros, and are not sent as data. */
  | { readonly type: 'zeros'; readonly id: number; readonly start: number; readonly count: number }

/** Writes the header of a frame whose payload is `length` bytes. */
export function writeHeader(frame: Buffer, type: number, length: number): void {
  frame.writeUInt32LE(length, 0)
  frame.writeUInt8(type, 4)
}

const maxCode = 16

/** The frame, header included. */
export function encode(frame: ControlFrame): Buffer {
  const out = new ByteWriter(frame.type === 'entries' ? 64 + frame.entries.length * 96 : 64)
  const type = frameType[frame.type]
  out.u32(0).u8(type)
  write(out, frame)
  return out.setU32(out.length - headerBytes, 0).done()
}

function write(out: ByteWriter, frame: ControlFrame): void {
  switch (frame.type) {
    case 'hello':
      out
        .u16(frame.version)
        .u8(frame.role === 'send' ? 0 : 1)
        .u8(frame.index)
        .u8(transports.indexOf(frame.transport))
        .u16(frame.datagram)
      return
    case 'ready':
      out.u32(frame.tasks.length)
      for (const task of frame.tasks) out.u32(task)
      return
    case 'entries':
      out.u32(frame.entries.length)
      for (const entry of frame.entries) writeEntry(out, entry)
      return
    case 'note':
      out.u32(frame.task).binary(frame.path).text(frame.code, maxCode).text(frame.message, maxMessage)
      return
    case 'scanned':
      out.u32(frame.task).text(frame.code, maxCode).text(frame.message, maxMessage)
      return
    case 'answers':
      out.u32(frame.answers.length)
      for (const { id, verdict } of frame.answers) out.u32(id).u8(verdicts.indexOf(verdict))
      return
    case 'have':
      out
        .u32(frame.id)
        .u32(frame.start)
        .u32(frame.digests.length / digestBytes)
        .bytes(frame.digests)
      return
    case 'same':
    case 'zeros':
      out.u32(frame.id).u32(frame.start).u32(frame.count)
      return
    case 'basis':
      out.u32(frame.id).size(frame.size)
      return
    case 'blocks':
      out
        .u32(frame.id)
        .u32(frame.blocks.length / blockBytes)
        .bytes(frame.blocks)
      return
    case 'again':
      out.u32(frame.id).u32(frame.index)
      return
    case 'fileEnd':
      out.u32(frame.id).bytes(frame.digest)
      return
    case 'fileLost':
      out.u32(frame.id).text(frame.code, maxCode).text(frame.message, maxMessage)
      return
    case 'taskOver':
    case 'cancel':
      out.u32(frame.task)
      return
    case 'stop':
      out.text(frame.code, maxCode).text(frame.message, maxMessage)
      return
    case 'ask':
      out
        .u32(frame.task)
        .u8(frame.folded ? 1 : 0)
        .u32(frame.paths.length)
      for (const path of frame.paths) out.binary(path)
      return
    case 'lacks':
      out.u32(frame.task).text(frame.code, maxCode).text(frame.message, maxMessage).u32(frame.lacking.length)
      for (const lacking of frame.lacking) out.u8(lacking ? 1 : 0)
      return
    case 'differs':
      out.u32(frame.id)
      return
    case 'ping':
    case 'pong':
    case 'fin':
      return
  }
}

/** Reads the payload of a control frame. What does not make sense is a protocol error. */
export function decode(type: number, payload: Buffer): ControlFrame {
  const read = new ByteReader(payload)
  const frame = parse(type, read)
  read.end()
  return frame
}

function parse(type: number, read: ByteReader): ControlFrame {
  switch (type) {
    case frameType.hello:
      return {
        type: 'hello',
        version: read.u16(),
        role: read.u8() === 0 ? 'send' : 'receive',
        index: read.u8(),
        transport: readTransport(read),
        datagram: read.u16(),
      }
    case frameType.ready:
      return { type: 'ready', tasks: list(read, 4, maxTasks, () => read.u32()) }
    case frameType.entries:
      return { type: 'entries', entries: list(read, entryBytes, maxTasks, () => readEntry(read)) }
    case frameType.note:
      return { type: 'note', task: read.u32(), path: read.binary(maxPath), ...readFault(read) }
    case frameType.scanned:
      return { type: 'scanned', task: read.u32(), ...readFault(read) }
    case frameType.answers:
      return { type: 'answers', answers: list(read, 5, maxTasks, () => readAnswer(read)) }
    case frameType.have:
      return { type: 'have', id: read.u32(), start: read.u32(), digests: readItems(read, digestBytes) }
    case frameType.same:
      return { type: 'same', id: read.u32(), start: read.u32(), count: read.u32() }
    case frameType.fileEnd:
      return { type: 'fileEnd', id: read.u32(), digest: read.bytes(digestBytes) }
    case frameType.fileLost:
      return { type: 'fileLost', id: read.u32(), ...readFault(read) }
    case frameType.taskOver:
      return { type: 'taskOver', task: read.u32() }
    case frameType.cancel:
      return { type: 'cancel', task: read.u32() }
    case frameType.ping:
      return { type: 'ping' }
    case frameType.pong:
      return { type: 'pong' }
    case frameType.fin:
      return { type: 'fin' }
    case frameType.stop:
      return { type: 'stop', ...readFault(read) }
    case frameType.ask:
      return {
        type: 'ask',
        task: read.u32(),
        folded: read.u8() === 1,
        paths: list(read, 2, maxAsked, () => read.binary(maxPath)),
      }
    case frameType.lacks: {
      const about = { type: 'lacks' as const, task: read.u32(), ...readFault(read) }
      return { ...about, lacking: list(read, 1, maxAsked, () => read.u8() === 1) }
    }
    case frameType.differs:
      return { type: 'differs', id: read.u32() }
    case frameType.basis:
      return { type: 'basis', id: read.u32(), size: read.size() }
    case frameType.blocks:
      return { type: 'blocks', id: read.u32(), blocks: readItems(read, blockBytes) }
    case frameType.again:
      return { type: 'again', id: read.u32(), index: read.u32() }
    case frameType.zeros:
      return { type: 'zeros', id: read.u32(), start: read.u32(), count: read.u32() }
    default:
      throw new ProtocolError('frame', `frame ${type} is no control frame`)
  }
}

function readTransport(read: ByteReader): Transport {
  const transport = transports[read.u8()]
  if (transport === undefined) throw new ProtocolError('frame', 'an unknown transport')
  return transport
}

function readFault(read: ByteReader): { code: string; message: string } {
  return { code: read.text(maxCode), message: read.text(maxMessage) }
}

/** A counted list; the count is believed only as far as the bytes for it are there. */
function list<T>(read: ByteReader, itemBytes: number, max: number, item: () => T): T[] {
  const count = read.u32()
  if (count > max) throw new ProtocolError('limit', 'a list is too long')
  if (count * itemBytes > read.left) throw new ProtocolError('frame', 'a list is shorter than it says')
  const items: T[] = []
  for (let i = 0; i < count; i++) items.push(item())
  return items
}

function readAnswer(read: ByteReader): { id: number; verdict: Verdict } {
  const id = read.u32()
  const verdict = verdicts[read.u8()]
  if (verdict === undefined) throw new ProtocolError('frame', 'an unknown answer')
  return { id, verdict }
}

/** Counted items of one length, as they stand. */
function readItems(read: ByteReader, bytes: number): Buffer {
  const count = read.u32()
  if (count * bytes > read.left) throw new ProtocolError('frame', 'a list is shorter than it says')
  return read.bytes(count * bytes)
}
