import { randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { encode, frameType, writeHeader } from '@waybill/asc'
import { afterEach, expect, it } from 'vitest'
import { BufferPool } from '../buffers.js'
import { mostWaiting } from '../control-connection.js'
import { LinkKeys } from '../link-keys.js'
import { DatagramSocket } from './datagram-socket.js'
import { FlowCarrier } from './flow-carrier.js'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close()
})

async function plainSocket(): Promise<Socket> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  closing.push(() => socket.close())
  return socket
}

/** Stands between connector and listener, as a line and an address translator do. */
class Relay {
  readonly #front: Socket
  readonly #listener: number
  #back: Socket
  #connector = 0
  /** What becomes of a datagram: none, one or several that go on. */
  fate: (datagram: Buffer) => Buffer[] = (datagram) => [datagram]

  private constructor(front: Socket, back: Socket, listener: number) {
    this.#front = front
    this.#back = back
    this.#listener = listener
    front.on('message', (datagram, { port }) => {
      this.#connector = port
      for (const one of this.fate(datagram)) this.#back.send(one, this.#listener, '127.0.0.1')
    })
    this.#listen(back)
  }

  static async to(listener: number): Promise<Relay> {
    return new Relay(await plainSocket(), await plainSocket(), listener)
  }

  get port(): number {
    return this.#front.address().port
  }

  /** From now on the connector is seen at another port. */
  async move(): Promise<void> {
    this.#back = await plainSocket()
    this.#listen(this.#back)
  }

  #listen(back: Socket): void {
    back.on('message', (datagram) => {
      // What comes to an address that was given up is lost.
      if (back !== this.#back) return
      for (const one of this.fate(datagram)) this.#front.send(one, this.#connector, '127.0.0.1')
    })
  }
}

class End {
  readonly carrier: FlowCarrier
  readonly control: number[] = []
  readonly data: Buffer[] = []
  closed: { error: Error | undefined } | undefined
  readonly queue: Buffer[] = []
  #wake: () => void = () => undefined

  constructor(socket: DatagramSocket, keys: LinkKeys, port: number | undefined) {
    const peer = port === undefined ? undefined : { address: '127.0.0.1', port }
    const path = { datagram: 1232, roundTrip: 1, expected: undefined }
    const options = { socket, peer, keys, ...path, pool: new BufferPool(), rate: -1 }
    this.carrier = new FlowCarrier(options, {
      control: (type) => this.control.push(type),
      data: (_type, payload) => {
        this.data.push(Buffer.from(payload.bytes))
        payload.release()
      },
      heard: () => undefined,
      drained: () => this.#wake(),
      flushed: () => undefined,
      sent: () => undefined,
      room: () => this.carrier.pump(this.queue),
      closed: (error) => {
        this.closed = { error }
        this.#wake()
      },
    })
  }

  send(payloads: readonly Buffer[]): void {
    for (const payload of payloads) {
      const frame = Buffer.alloc(5 + payload.length)
      writeHeader(frame, frameType.pack, payload.length)
      payload.copy(frame, 5)
      this.queue.push(frame)
    }
    this.carrier.pump(this.queue)
  }

  async until(look: () => boolean): Promise<void> {
    while (!look()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

async function pair() {
  const secret = randomBytes(64)
  const probe = await plainSocket()
  const { port } = probe.address()
  closing.pop()
  probe.close()
  await once(probe, 'close')
  const [listening, connecting] = [
    await DatagramSocket.listen(port),
    await DatagramSocket.towards('127.0.0.1'),
  ]
  closing.push(
    () => listening.close(),
    () => connecting.close(),
  )
  const relay = await Relay.to(port)
  const to = new End(listening, new LinkKeys(secret, 'aes128', false), undefined)
  const from = new End(connecting, new LinkKeys(secret, 'aes128', true), relay.port)
  closing.push(
    () => from.carrier.destroy(),
    () => to.carrier.destroy(),
  )
  return { from, to, relay, port }
}

function payloads(count: number): Buffer[] {
  return Array.from({ length: count }, (_, i) => randomBytes(i === 3 ? 0 : 8000 + i))
}

it('frames arrive whole and in order over a line that loses, repeats, reorders and damages', async () => {
  const { from, to, relay } = await pair()
  let count = 0
  let held: Buffer | undefined
  relay.fate = (datagram) => {
    count++
    if (count % 17 === 0) return []
    if (count % 19 === 0) return [datagram, datagram]
    if (count % 23 === 0) {
      held = Buffer.from(datagram)
      return []
    }
    if (count % 29 === 0) {
      const damaged = Buffer.from(datagram)
      damaged.writeUInt8(damaged.readUInt8(count % damaged.length) ^ 1, count % damaged.length)
      return [damaged]
    }
    const late = held
    held = undefined
    return late === undefined ? [datagram] : [datagram, late]
  }
  const sent = payloads(20)
  from.carrier.control(encode({ type: 'ping' }))
  from.send(sent)
  await to.until(() => to.data.length === sent.length)
  expect(to.data).toEqual(sent)
  expect(to.control).toEqual([frameType.ping])
  expect(to.closed).toBeUndefined()
})

it('a peer whose address changes is followed', async () => {
  const { from, to, relay } = await pair()
  const sent = payloads(20)
  from.send(sent.slice(0, 10))
  await to.until(() => to.data.length === 10)
  await relay.move()
  from.send(sent.slice(10))
  await to.until(() => to.data.length === sent.length)
  to.send([Buffer.from('back')])
  await from.until(() => from.data.length === 1)
  expect(to.data).toEqual(sent)
})

it('strangers neither move nor disturb it', async () => {
  const { from, to, relay, port } = await pair()
  const seen: Buffer[] = []
  relay.fate = (datagram) => {
    seen.push(datagram)
    return [datagram]
  }
  from.send(payloads(2))
  await to.until(() => to.data.length === 2)
  const stranger = await plainSocket()
  let answers = 0
  stranger.on('message', () => answers++)
  const last = seen.at(-1) ?? Buffer.alloc(0)
  const forged = Buffer.from(last)
  forged.fill(0, 20)
  for (const bytes of [forged, randomBytes(100), last.subarray(0, 10)]) {
    stranger.send(bytes, port, '127.0.0.1')
  }
  relay.fate = (datagram) => [datagram]
  const more = payloads(5)
  from.send(more)
  await to.until(() => to.data.length === 2 + more.length)
  to.send([Buffer.from('back')])
  await from.until(() => from.data.length === 1)
  expect(answers).toBe(0)
})

it('what was said before the end arrives before it', async () => {
  const { from, to } = await pair()
  const sent = payloads(10)
  from.send(sent)
  while (from.queue.length > 0) await from.until(() => from.queue.length === 0)
  from.carrier.close()
  await to.until(() => to.closed !== undefined)
  expect(to.closed).toEqual({ error: undefined })
  expect(to.data).toEqual(sent)
  await from.until(() => from.closed !== undefined)
})

it('frames that make no sense end it with an error', async () => {
  const { from, to } = await pair()
  from.carrier.control(Buffer.from([0xff, 0xff, 0xff, 0x7f, 3]))
  await to.until(() => to.closed !== undefined)
  expect(to.closed?.error).toMatchObject({ violation: 'limit' })
})

it('tells when a peer leaves waiting what it is told', async () => {
  const { from, relay } = await pair()
  relay.fate = () => []
  const pong = encode({ type: 'pong' })
  expect(from.carrier.isFull).toBe(false)
  // More than the window takes.
  from.carrier.control(Buffer.alloc(5 * 1024 * 1024))
  for (let i = 0; i < mostWaiting; i++) from.carrier.control(pong)
  expect(from.carrier.isFull).toBe(true)
})
