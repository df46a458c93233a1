import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { decode, encode, frameType, protocolVersion, writeHeader } from '@waybill/asc'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { hash128 } from '../transfer/hash.js'
import { BufferPool } from '../transport/buffers.js'
import { dial } from '../transport/connector.js'
import { DatagramSocket } from '../transport/datagrams/datagram-socket.js'
import { FlowCarrier } from '../transport/datagrams/flow-carrier.js'
import { LinkKeys } from '../transport/link-keys.js'
import { makeTask, Side, specs, temporaryDirectory } from './pair.fixture.js'

let to: Side
let dir: ReturnType<typeof temporaryDirectory>
let target: string
const closing: (() => void)[] = []

beforeEach(() => {
  to = new Side()
  dir = temporaryDirectory()
  target = join(dir.path, 'target')
  mkdirSync(target)
})

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) close()
  await to.engine.close()
  dir.remove()
})

/** A link over datagrams of which this test is the sender; `heard` are the types of frames that came. */
async function standing() {
  const { receiver } = specs({ transport: 'udp' })
  const { port } = await to.engine.open(receiver)
  const address = { addresses: ['127.0.0.1'], port: port ?? 0, identity: receiver.identity }
  const options = { ...address, key: Buffer.from(receiver.key, 'base64'), timeoutMs: 5000 }
  const tls = await dial('127.0.0.1', { ...options, cipher: 'aes128' }, new AbortController().signal)
  const answered = once(tls, 'data')
  tls.on('error', () => undefined)
  const [type, version] = ['hello' as const, protocolVersion]
  tls.write(encode({ type, version, role: 'send', index: 0, transport: 'udp', datagram: 1232 }))
  await answered
  const socket = await DatagramSocket.towards('127.0.0.1')
  const heard: ReturnType<typeof decode>[] = []
  let wake: () => void = () => undefined
  const carrier = new FlowCarrier(
    {
      socket,
      peer: { address: '127.0.0.1', port: port ?? 0 },
      keys: LinkKeys.of(tls, 'aes128', true),
      datagram: 1232,
      roundTrip: 1,
      expected: undefined,
      pool: new BufferPool(),
      rate: -1,
    },
    {
      control: (frame, payload) => {
        heard.push(decode(frame, Buffer.from(payload.bytes)))
        payload.release()
      },
      data: (_type, payload) => payload.release(),
      heard: () => undefined,
      drained: () => wake(),
      flushed: () => undefined,
      sent: () => undefined,
      room: () => undefined,
      closed: () => undefined,
    },
  )
  closing.push(
    () => tls.destroy(),
    () => socket.close(),
    () => carrier.destroy(),
  )
  const until = async (frame: string) => {
    while (!heard.some(({ type }) => type === frame)) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return { receiver, carrier, until }
}

const announced = 1000

function pack(id: number, bytes: Buffer, digest = hash128(bytes)): Buffer {
  const head = Buffer.alloc(5 + 4 + 8)
  writeHeader(head, frameType.pack, 4 + 8 + digest.length + bytes.length)
  head.writeUInt32LE(id, 5)
  head.writeBigUInt64LE(BigInt(bytes.length), 9)
  return Buffer.concat([head, digest, bytes])
}

function chunk(id: number, index: number, bytes: Buffer): Buffer {
  const head = Buffer.alloc(5 + 4 + 4)
  writeHeader(head, frameType.chunk, 4 + 4 + 16 + bytes.length)
  head.writeUInt32LE(id, 5)
  head.writeUInt32LE(index, 9)
  return Buffer.concat([head, hash128(bytes), bytes])
}

it.each([
  ['sends a file that nobody asked for', pack(7, randomBytes(100)), 'E#J099'],
  ['sends more of a file than it announced', pack(1, randomBytes(announced + 1)), 'E#J099'],
  ['sends less of a file than it announced', pack(1, randomBytes(announced - 1)), 'E#J099'],
  ['sends a piece from beyond the end of a file', chunk(1, 3, randomBytes(100)), 'E#J099'],
  ['sends another file than its digest says', pack(1, randomBytes(announced), Buffer.alloc(16)), 'E#J003'],
])('a peer that %s is cut off, and nothing of it stays', async (_what, frame, code) => {
  const { receiver, carrier, until } = await standing()
  const task = makeTask('', 'in', { to: target })
  to.engine.tasks(receiver.session, [task.target])
  carrier.control(encode({ type: 'ping' }))
  await until('ready')
  const entry = {
    id: 1,
    task: task.target.index,
    kind: 'file',
    size: announced,
    mtime: 0n,
    mode: 0o644,
  } as const
  carrier.control(encode({ type: 'entries', entries: [{ ...entry, path: 'file' }] }))
  await until('answers')
  carrier.pump([frame])
  expect(await to.ended(receiver.session)).toMatchObject({ reason: 'failed', code })
  const left = readdirSync(dir.path, { recursive: true, encoding: 'utf8' })
  expect(left.filter((name) => !['target', join('target', 'in')].includes(name))).toEqual([])
})
