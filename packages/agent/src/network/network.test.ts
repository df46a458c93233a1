import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type ControlFrame, encode, frameType, type Payload, writeHeader } from '@waybill/asc'
import { afterEach, describe, expect, it } from 'vitest'
import { BufferPool } from '../transport/buffers.js'
import type { LinkFault } from './faults.js'
import type { LinkSpec, NetworkOptions } from './messages.js'
import { Network } from './network.js'
import type { NetworkLink } from './network-link.js'

const mib = 1024 * 1024
const networks: Network[] = []
afterEach(async () => {
  await Promise.all(networks.splice(0).map((network) => network.close()))
})

/** One end of a link, and all that it told. */
class End {
  readonly link: NetworkLink
  readonly pool = new BufferPool()
  readonly network: Network
  readonly control: ControlFrame[] = []
  readonly payloads: Payload[] = []
  down: { fault: LinkFault | undefined } | undefined
  #wake: () => void = () => undefined

  constructor(spec: LinkSpec, options: NetworkOptions & { thread?: URL } = {}) {
    this.network = new Network(this.pool, { thread: false, ...options })
    networks.push(this.network)
    this.link = this.network.open(spec, {
      stands: () => this.#wake(),
      control: (frame) => {
        this.control.push(frame)
      },
      data: (_type, payload) => {
        this.payloads.push(payload)
      },
      drained: () => this.#wake(),
      room: () => this.#wake(),
      down: (fault) => {
        this.down = { fault }
        this.#wake()
      },
    })
  }

  async until(look: () => boolean): Promise<void> {
    while (!look()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Sends frames of 1 MiB while there is room; answers how many. */
  send(): number {
    for (let count = 0; ; count++) {
      const slot = this.link.slot()
      if (slot === undefined) return count
      const frame = this.pool.acquire(mib + 5).subarray(0, mib + 5)
      writeHeader(frame, frameType.pack, mib)
      slot.send(frame)
    }
  }
}

async function pair(options: Partial<LinkSpec> = {}, through: (port: number) => Promise<number> = direct) {
  const common = {
    identity: randomUUID(),
    key: randomBytes(32).toString('base64'),
    cipher: 'aes128' as const,
  }
  const more = { ...common, connections: 2, rate: -1, ...options }
  const to = new End({ ...more, role: 'receive', link: { kind: 'listen', ports: [0, 0] } })
  const { port } = await to.link.opened
  const reached = await through(port ?? 0)
  const address = { kind: 'connect' as const, addresses: ['127.0.0.1'], port: reached }
  const from = new End({ ...more, role: 'send', link: address })
  await from.link.opened
  return { from, to }
}

describe.each(['tcp', 'udp'] as const)('a link over %s', (transport) => {
  it('lends no more than so much, and goes on when it gets it back', async () => {
    const { from, to } = await pair({ transport })
    let sent = from.send()
    // A disk that does nothing at all: what can go goes, until both sides have what they may have.
    let quiet = 0
    while (quiet < 50 || to.payloads.length <= 10) {
      const before = sent + to.payloads.length
      sent += from.send()
      await new Promise((resolve) => setTimeout(resolve, 2))
      quiet = sent + to.payloads.length === before ? quiet + 1 : 0
    }
    const lent = to.payloads.length
    // What may be lent, and what the line held by then.
    expect(lent * mib).toBeLessThan((24 + 2 + 41) * mib)
    expect(sent - lent).toBeLessThan(60)
    for (const payload of to.payloads) payload.release()
    let released = lent
    await to.until(() => {
      for (; released < to.payloads.length; released++) to.payloads[released]?.release()
      return to.payloads.length === sent
    })
    expect(from.send()).toBeGreaterThan(0)
  })

  it('brings control frames in order, also those that were given early', async () => {
    const { from, to } = await pair({ transport })
    for (let task = 0; task < 5000; task++) to.link.control(encode({ type: 'taskOver', task }))
    await from.until(() => from.control.length === 5000)
    expect(from.control.map((frame) => (frame.type === 'taskOver' ? frame.task : -1))).toEqual(
      Array.from({ length: 5000 }, (_, task) => task),
    )
  })
})

const direct = (port: number) => Promise.resolve(port)

/** A line between two agents that can keep data back. */
class Line {
  readonly #server: Server
  /** Towards whoever listens: the TLS connection, and those for data. */
  #control: Socket | undefined
  readonly #data: Socket[] = []
  readonly #kept: { readonly to: Socket; readonly bytes: Buffer }[] = []
  keeps = false

  constructor(port: number) {
    this.#server = createServer((near) => {
      const far = connect(port, '127.0.0.1')
      near.on('error', () => near.destroy())
      far.on('error', () => far.destroy())
      far.pipe(near)
      near.once('data', (first: Buffer) => {
        if (first[0] === 0x16) this.#control = far
        else this.#data.push(far)
      })
      near.on('data', (bytes: Buffer) => {
        if (this.keeps && far !== this.#control) this.#kept.push({ to: far, bytes })
        else far.write(bytes)
      })
    })
  }

  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => {
        const address = this.#server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
  }

  get kept(): number {
    return this.#kept.reduce((sum, { bytes }) => sum + bytes.length, 0)
  }

  /** The sender is dead: first its control connection ends, and then comes all that was on the way. */
  async die(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#control?.once('close', resolve)
      this.#control?.destroy()
    })
    for (const { to, bytes } of this.#kept) to.write(bytes)
    for (const far of this.#data) far.end()
    this.#server.close()
  }
}

it('what a peer had sent before it died is read to its end', async () => {
  const lines: Line[] = []
  const { from, to } = await pair({ transport: 'tcp' }, (port) => {
    const line = new Line(port)
    lines.push(line)
    return line.listen()
  })
  const [line] = lines
  if (line === undefined) throw new Error('There is no line')
  line.keeps = true
  const sent = from.send()
  expect(sent).toBeGreaterThan(2)
  while (line.kept < sent * mib) await new Promise((resolve) => setTimeout(resolve, 2))
  expect(to.payloads).toHaveLength(0)
  await line.die()
  await to.until(() => to.down !== undefined)
  expect(to.payloads).toHaveLength(sent)
  expect(to.down?.fault?.reason).toBe('lost')
})

// A network that answers as the real one does, and dies of what it is told.
const script = `
import { parentPort } from 'node:worker_threads'
parentPort.on('message', (message) => {
  if (message.type === 'open') parentPort.postMessage({ type: 'opened', link: message.link, result: { port: 1, cipher: null } })
  if (message.type === 'pause') throw new Error('out of order')
  if (message.type === 'end') parentPort.postMessage({ type: 'ended' })
})
`

it('a network thread that dies takes its links along, and is replaced', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'network-'))
  try {
    const path = join(dir, 'worker.mjs')
    writeFileSync(path, script)
    const spec: LinkSpec = {
      ...{
        identity: 'one',
        key: randomBytes(32).toString('base64'),
        cipher: 'aes128',
        connections: 1,
        rate: -1,
      },
      ...{ role: 'receive', link: { kind: 'listen', ports: [0, 0] } },
    }
    const end = new End(spec, { thread: pathToFileURL(path) })
    expect(await end.link.opened).toMatchObject({ port: 1 })
    end.link.pause(true)
    await end.until(() => end.down !== undefined)
    expect(end.down?.fault).toMatchObject({ reason: 'failed', code: 'E#J099' })
    expect(end.down?.fault?.message).toContain('out of order')
    const nothing = { stands: () => undefined, control: () => undefined, data: () => undefined }
    const more = { ...nothing, drained: () => undefined, room: () => undefined, down: () => undefined }
    expect(await end.network.open(spec, more).opened).toMatchObject({ port: 1 })
  } finally {
    rmSync(dir, { recursive: true })
  }
})
