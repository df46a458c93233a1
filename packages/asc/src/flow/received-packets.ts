import { windows } from './limits.js'
import type { Ack, FlowStream, PacketWriter } from './packet.js'
import { Ranges } from './streams/ranges.js'

/** Ranges of numbers that are remembered; what arrives later than that counts as repeated. */
const remembered = 512
/** So many packets are acknowledged at once, or after so long; milliseconds. */
const ackEvery = 16
const ackWithin = 5
/** On a short way after this part of its round trip, or a few packets would wait longer than they travel. */
const ackPart = 0.25
/** Timers are no finer than this; milliseconds. */
const granularity = 1
/** A window that grew by so much is told at once; bytes. */
const windowNews = { control: 256 * 1024, data: 2 * 1024 * 1024 }

/** Which packets arrived, and what is to be said of it when. */
export class ReceivedPackets {
  readonly #numbers = new Ranges()
  /** Numbers below were forgotten. */
  #forgotten = 0
  #waiting = 0
  #highestAt = 0
  readonly #told = { ...windows }
  #hasNews = false
  /** When an acknowledgement has to go at the latest. */
  ackDue = Number.POSITIVE_INFINITY

  /** Whether there is something to tell with a packet that goes anyway. */
  get hasNews(): boolean {
    return this.#hasNews
  }

  /** The whole number of a packet, from its lowest 32 bits: the one that is nearest to the next expected. */
  expand(low: number): number {
    const expected = this.#numbers.end
    const base = expected - (expected % 0x1_0000_0000)
    const candidate = base + low
    if (candidate > expected + 0x8000_0000 && candidate >= 0x1_0000_0000) return candidate - 0x1_0000_0000
    if (candidate < expected - 0x8000_0000) return candidate + 0x1_0000_0000
    return candidate
  }

  isNew(number: number): boolean {
    return number >= this.#forgotten && !this.#numbers.has(number)
  }

  isNewest(number: number): boolean {
    return number >= this.#numbers.end
  }

  /** A packet came, over a way with this round trip (milliseconds). */
  add(number: number, wantsAck: boolean, now: number, roundTrip: number): void {
    const { end } = this.#numbers
    this.#numbers.add(number, number + 1)
    if (number >= end) this.#highestAt = now
    if (this.#numbers.keepHighest(remembered)) this.#forgotten = this.#numbers.at(0).start
    this.#hasNews ||= wantsAck
    if (!wantsAck) return
    this.#waiting++
    // Out of order: something may be missing, and the sender is to know soon.
    const atOnce = this.#waiting >= ackEvery || number !== end
    const within = Math.max(granularity, Math.min(ackWithin, roundTrip * ackPart))
    this.ackDue = Math.min(this.ackDue, atOnce ? now : now + within)
  }

  /** The peer may write up to `limit` now. */
  windowOpened(stream: FlowStream, limit: number): void {
    if (limit - this.#told[stream] < windowNews[stream]) return
    this.#hasNews = true
    this.ackDue = Number.NEGATIVE_INFINITY
  }

  isAckDue(now: number): boolean {
    return now >= this.ackDue
  }

  write(packet: PacketWriter, limits: Ack['limits'], now: number): void {
    packet.ack(this.#numbers, this.#highestAt === 0 ? 0 : now - this.#highestAt, limits)
    Object.assign(this.#told, limits)
    this.#waiting = 0
    this.#hasNews = false
    this.ackDue = Number.POSITIVE_INFINITY
  }
}
