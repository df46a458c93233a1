import { crc32 } from 'node:zlib'
import { Cubic } from './cubic.fixture.js'
import { Flow, type FlowOptions, type FlowOutput, type FlowSealer } from './flow.js'
import { batchBytes, tagBytes } from './limits.js'

/** What a line does to datagrams. Probabilities from 0 to 1. */
export interface LineOptions {
  /** One way, milliseconds. */
  readonly delay: number
  /** Bytes a millisecond, and milliseconds of it that queue before packets are dropped. */
  readonly rate: number
  readonly queue: number
  readonly loss?: number
  readonly reorder?: number
  readonly duplicate?: number
  readonly corrupt?: number
  readonly seed?: number
}

/** A sum instead of encryption, so that tests are fast: a changed byte is noticed all the same. */
export const plainSealer: FlowSealer = {
  seal: (number, header, plain, into, at) => {
    plain.copy(into, at)
    tag(number, header, plain).copy(into, at + plain.length)
  },
  open: (number, header, sealed) => {
    const plain = sealed.subarray(0, sealed.length - tagBytes)
    return tag(number, header, plain).equals(sealed.subarray(plain.length)) ? Buffer.from(plain) : undefined
  },
}

function tag(number: number, header: Buffer, plain: Buffer): Buffer {
  const bytes = Buffer.alloc(tagBytes)
  bytes.writeUInt32LE(crc32(plain, crc32(header, number % 0x1_0000_0000)))
  return bytes
}

/** Numbers from 0 to 1 that are the same each time (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

interface Arrival {
  readonly at: number
  readonly bytes: Buffer
  /** Of a segment of the neighbour. */
  readonly segment?: number | undefined
}

/** One direction of a line with a bottleneck and a queue that drops what does not fit. */
class Direction {
  readonly #options: LineOptions
  readonly #random: () => number
  #arrivals: Arrival[] = []
  #head = 0
  #free = 0
  down = false
  carried = 0
  dropped = 0

  constructor(options: LineOptions, seed: number) {
    this.#options = options
    this.#random = randomOf(seed)
  }

  push(datagram: Buffer, now: number, segment?: number): void {
    const { loss = 0, reorder = 0, duplicate = 0, corrupt = 0, rate, queue, delay } = this.#options
    if (this.down || this.#random() < loss) return
    this.#free = Math.max(this.#free, now)
    if (this.#free - now > queue) {
      this.dropped++
      return
    }
    this.#free += (datagram.length + 28) / rate
    let at = this.#free + delay
    if (this.#random() < reorder) at += this.#random() * delay
    const bytes = Buffer.from(datagram)
    if (this.#random() < corrupt) {
      const index = Math.floor(this.#random() * bytes.length)
      bytes[index] = (bytes[index] ?? 0) ^ 0x10
    }
    this.carried += bytes.length
    this.#insert({ at, bytes, segment })
    if (this.#random() < duplicate) this.#insert({ at: at + 1, bytes, segment })
  }

  get next(): number {
    return this.#arrivals[this.#head]?.at ?? Number.POSITIVE_INFINITY
  }

  pull(now: number): Arrival | undefined {
    if (this.next > now) return undefined
    const arrival = this.#arrivals[this.#head++]
    if (this.#head > 4096) {
      this.#arrivals = this.#arrivals.slice(this.#head)
      this.#head = 0
    }
    return arrival
  }

  #insert(arrival: Arrival): void {
    let index = this.#arrivals.length
    while (index > this.#head && (this.#arrivals[index - 1]?.at ?? 0) > arrival.at) index--
    this.#arrivals.splice(index, 0, arrival)
  }
}

/** One end: a flow, and what its application has. */
export class End {
  readonly flow: Flow
  readonly got = { control: [] as Buffer[], data: [] as Buffer[] }
  received = 0
  closed: { error: Error | undefined } | undefined
  /** Does not consume what it gets while this is true. */
  stuck = false
  keep = true
  unconsumed = 0
  wakeAt = 0

  constructor(options: FlowOptions, send: FlowOutput['send'], room: () => void) {
    this.flow = new Flow(options, {
      memory: () => Buffer.allocUnsafeSlow(batchBytes),
      send,
      data: (stream, bytes) => {
        if (this.keep) this.got[stream].push(Buffer.from(bytes))
        if (stream === 'data') this.received += bytes.length
        if (this.stuck && stream === 'data') this.unconsumed += bytes.length
        else this.flow.consumed(stream, bytes.length)
      },
      room,
      closed: (error) => {
        this.closed = { error }
      },
    })
  }

  release(): void {
    this.stuck = false
    this.flow.consumed('data', this.unconsumed)
    this.unconsumed = 0
    this.wakeAt = 0
  }
}

/** Two ends and the line between them, in a time of their own. */
export class World {
  readonly a: End
  readonly b: End
  readonly there: Direction
  readonly back: Direction
  now = 1000
  #room: () => void = () => undefined
  readonly #oneWay: number
  #neighbour: Cubic | undefined
  /** What the neighbour will hear. */
  readonly #acks: { readonly at: number; readonly segment: number }[] = []

  constructor(line: LineOptions, options: { rtt?: number; window?: number; datagram?: number } = {}) {
    this.#oneWay = line.delay
    this.there = new Direction(line, line.seed ?? 1)
    this.back = new Direction({ ...line, seed: 0 }, (line.seed ?? 1) + 1)
    const common = {
      id: Buffer.from('01234567'),
      datagram: 1472,
      sealer: plainSealer,
      now: this.now,
      ...options,
    }
    this.a = new End(
      common,
      (bytes, size) => this.#send(this.there, bytes, size),
      () => this.#room(),
    )
    this.b = new End(
      common,
      (bytes, size) => this.#send(this.back, bytes, size),
      () => undefined,
    )
  }

  /** What to do when `a` has room for more. */
  set onRoom(action: () => void) {
    this.#room = action
  }

  /** Lets another flow begin, which may have so many bytes under way. */
  startNeighbour(most: number): Cubic {
    this.#neighbour = new Cubic(most, ({ number, bytes }) => this.there.push(bytes, this.now, number))
    this.#neighbour.fill(this.now)
    return this.#neighbour
  }

  /** Lets time pass until `done`, or for `most` milliseconds; as a real process, polls no finer than every half of one. */
  run(done: () => boolean, most = 60_000): void {
    const end = this.now + most
    while (!done() && this.now < end) {
      this.#deliver(this.there, this.b)
      this.#deliver(this.back, this.a)
      for (const side of [this.a, this.b]) {
        if (side.wakeAt <= this.now) side.wakeAt = Math.max(side.flow.poll(this.now), this.now + 0.5)
      }
      this.#tellNeighbour()
      const heard = this.#acks[0]?.at ?? Number.POSITIVE_INFINITY
      const next = Math.min(this.there.next, this.back.next, this.a.wakeAt, this.b.wakeAt, heard)
      this.now = Math.min(end, Math.max(this.now + 0.01, next))
    }
  }

  #deliver(direction: Direction, to: End): void {
    let any = false
    for (let next = direction.pull(this.now); next !== undefined; next = direction.pull(this.now)) {
      const { bytes, segment } = next
      if (segment !== undefined) this.#acks.push({ at: this.now + this.#oneWay, segment })
      else {
        to.flow.receive(bytes, this.now)
        any = true
      }
    }
    if (any) to.wakeAt = Math.min(to.wakeAt, this.now)
  }

  #tellNeighbour(): void {
    while ((this.#acks[0]?.at ?? Number.POSITIVE_INFINITY) <= this.now) {
      this.#neighbour?.acked(this.#acks.shift()?.segment ?? 0, this.now)
    }
  }

  #send(direction: Direction, bytes: Buffer, size: number): void {
    for (let at = 0; at < bytes.length; at += size) direction.push(bytes.subarray(at, at + size), this.now)
  }
}
