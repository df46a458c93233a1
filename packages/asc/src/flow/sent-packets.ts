import type { Piece } from './streams/outgoing-stream.js'

/** A packet that wants an acknowledgement, from when it was sent until it arrived or was lost. */
export interface SentPacket {
  readonly number: number
  readonly bytes: number
  readonly sentAt: number
  readonly control: Piece | undefined
  readonly data: Piece | undefined
  /** How much had arrived when it was sent, and when that was; see `RateSample`. */
  readonly delivered: number
  readonly deliveredAt: number
  readonly firstSentAt: number
  /** There was not enough to send to fill the line. */
  readonly idle: boolean
}

/**
 * How fast the line delivered between two moments: bytes that arrived over the longer of the times that it took to
 * send them and to hear of them (the method of draft-cheng-iccrg-delivery-rate-estimation).
 */
export interface RateSample {
  /** Bytes a millisecond. */
  readonly rate: number
  readonly idle: boolean
  /** How much had arrived when the newest packet of the sample was sent. */
  readonly priorDelivered: number
}

export interface AckOutcome {
  acked: SentPacket[]
  /** The newest packet that arrived, if its arrival is news; a round trip can be measured with it. */
  newest: SentPacket | undefined
  sample: RateSample | undefined
}

/** Positions of gone packets that may lie at the front before they are cut off. */
const slack = 4096

/** Packets under way, with what is needed to notice losses and to measure the line. */
export class SentPackets {
  #packets: (SentPacket | undefined)[] = []
  #head = 0
  /** The number of the packet at the head. */
  #base = 0
  #next = 0
  #highestAcked = -1
  #count = 0
  /** Bytes under way. */
  inFlight = 0
  /** Bytes that arrived since the beginning, and when the last ones did. */
  delivered = 0
  #deliveredAt: number
  #firstSentAt: number
  /** Until so much is delivered, there was too little to send. */
  #idleUntil = 0
  /** When the last packet was sent that wants an answer. */
  lastSentAt: number

  constructor(now: number) {
    this.#deliveredAt = now
    this.#firstSentAt = now
    this.lastSentAt = now
  }

  get nextNumber(): number {
    return this.#next
  }

  /** How far apart the oldest packet under way and the newest are: memory is needed for each number between. */
  get span(): number {
    return this.#packets.length - this.#head
  }

  get isEmpty(): boolean {
    return this.#count === 0
  }

  /** A number for a packet that wants no answer. */
  skip(): number {
    this.#packets.push(undefined)
    this.#trim()
    return this.#next++
  }

  add(bytes: number, now: number, pieces: { control: Piece | undefined; data: Piece | undefined }): number {
    if (this.#count === 0) {
      this.#deliveredAt = now
      this.#firstSentAt = now
    }
    const number = this.#next++
    this.#packets.push({
      number,
      bytes,
      sentAt: now,
      control: pieces.control,
      data: pieces.data,
      delivered: this.delivered,
      deliveredAt: this.#deliveredAt,
      firstSentAt: this.#firstSentAt,
      idle: this.#idleUntil > this.delivered,
    })
    this.#count++
    this.inFlight += bytes
    this.lastSentAt = now
    return number
  }

  /** There is nothing to send at the moment, though the line would take more. */
  markIdle(): void {
    this.#idleUntil = this.delivered + this.inFlight + 1
  }

  /** Takes what arrived off the list. */
  acked(ranges: readonly { readonly start: number; readonly end: number }[], now: number): AckOutcome {
    const acked: SentPacket[] = []
    const highest = ranges[0]?.end ?? 0
    for (const { start, end } of ranges) {
      if (end <= this.#base) break
      for (let number = Math.max(start, this.#base); number < end; number++) {
        const packet = this.#take(number)
        if (packet !== undefined) acked.push(packet)
      }
    }
    let newest: SentPacket | undefined
    for (const packet of acked) {
      this.delivered += packet.bytes
      if (newest === undefined || packet.number > newest.number) newest = packet
    }
    const sample = newest === undefined ? undefined : this.#sample(newest, now)
    const isNews = newest !== undefined && newest.number === highest - 1 && newest.number > this.#highestAcked
    this.#highestAcked = Math.max(this.#highestAcked, highest - 1)
    this.#trim()
    return { acked, newest: isNews ? newest : undefined, sample }
  }

  /** Takes the packets off the list that were sent so long before one that arrived that they are lost. */
  lost(after: number, now: number): SentPacket[] {
    const lost: SentPacket[] = []
    for (const packet of this.#before(this.#highestAcked)) {
      if (packet.sentAt + after > now) break
      this.#take(packet.number)
      lost.push(packet)
    }
    this.#trim()
    return lost
  }

  /** When `lost` has to look again; never, when nothing is missing. */
  lossDue(after: number): number {
    for (const packet of this.#before(this.#highestAcked)) return packet.sentAt + after
    return Number.POSITIVE_INFINITY
  }

  /** The oldest packet under way. */
  get oldest(): SentPacket | undefined {
    for (const packet of this.#before(this.#next)) return packet
    return undefined
  }

  *#before(number: number): Generator<SentPacket> {
    const end = Math.min(this.#packets.length, this.#head + Math.max(0, number - this.#base))
    for (let i = this.#head; i < end; i++) {
      const packet = this.#packets[i]
      if (packet !== undefined) yield packet
    }
  }

  #take(number: number): SentPacket | undefined {
    const at = this.#head + number - this.#base
    const packet = this.#packets[at]
    if (packet === undefined) return undefined
    this.#packets[at] = undefined
    this.#count--
    this.inFlight -= packet.bytes
    return packet
  }

  #sample(newest: SentPacket, now: number): RateSample {
    this.#deliveredAt = now
    this.#firstSentAt = newest.sentAt
    const elapsed = Math.max(newest.sentAt - newest.firstSentAt, now - newest.deliveredAt)
    const rate = elapsed <= 0 ? 0 : (this.delivered - newest.delivered) / elapsed
    return { rate, idle: newest.idle, priorDelivered: newest.delivered }
  }

  #trim(): void {
    while (this.#head < this.#packets.length && this.#packets[this.#head] === undefined) {
      this.#head++
      this.#base++
    }
    if (this.#head < slack) return
    this.#packets = this.#packets.slice(this.#head)
    this.#head = 0
  }
}
