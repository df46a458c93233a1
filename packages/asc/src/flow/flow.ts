import { ProtocolError } from '../protocol-error.js'
import { Congestion } from './congestion.js'
import { Datagrams } from './datagrams.js'
import {
  ahead,
  flowIdBytes,
  largestDatagram,
  mostSpan,
  packetHead,
  pieceHead,
  smallestDatagram,
  tagBytes,
  windows,
} from './limits.js'
import { Pacer } from './pacer.js'
import { type Ack, ackBytes, type FlowStream, readPacket } from './packet.js'
import { ReceivedPackets } from './received-packets.js'
import { RoundTrip } from './round-trip.js'
import { type SentPacket, SentPackets } from './sent-packets.js'
import type { FlowStats } from './stats.js'
import { IncomingStream } from './streams/incoming-stream.js'
import { OutgoingStream, type Piece } from './streams/outgoing-stream.js'

export interface FlowOutput {
  /** Memory of `batchBytes` for datagrams; it comes back with `send`. */
  memory(): Buffer
  /**
   * Datagrams to send: one after the other in `bytes`, each `size` long except that the last may be shorter. The
   * memory is the one that was given, and the callee's again.
   */
  send(bytes: Buffer, size: number): void
  /** Next bytes of a stream, in order; the view may be used until this returns. */
  data(stream: FlowStream, bytes: Buffer): void
  /** `write` would take more again. */
  room(stream: FlowStream): void
  /** Once: the peer closed the flow, or with an error broke a promise. */
  closed(error: Error | undefined): void
}

/** Encryption of packets with keys that both sides have, another one for each direction. */
export interface FlowSealer {
  /** Writes the cipher text and 16 bytes of tag to `at` of `into`. `number` never comes twice. */
  seal(number: number, header: Buffer, plain: Buffer, into: Buffer, at: number): void
  /** The plain text, or undefined when it is not authentic. */
  open(number: number, header: Buffer, sealed: Buffer): Buffer | undefined
}

export interface FlowOptions {
  /** 8 bytes that each datagram begins with, the same in both directions. */
  readonly id: Buffer
  /** The largest datagram that gets through, bytes of UDP payload. */
  readonly datagram: number
  readonly sealer: FlowSealer
  /** What the peer may send on the stream `data` ahead of what was consumed; bytes, the same on both sides. */
  readonly window?: number
  /** The round trip, if it is known; milliseconds. */
  readonly rtt?: number
  /** What the path delivered a while ago, bytes a second: the start is quicker with it. */
  readonly expected?: number
  /** Milliseconds of a clock that never goes back; the same one in all calls. */
  readonly now: number
}

const maxProbeWait = 2000
/** Tries to bring the last data over before a flow that is closed gives up. */
const closingProbes = 4

/**
 * A connection over datagrams: two reliable streams in both directions, encrypted and authenticated, at the speed
 * that the line has whatever it loses. Packets are numbered and never repeated; what was lost travels again in a new
 * one (as in QUIC, RFC 9000 and 9002). Knows no socket and no clock: call `receive` with what arrives, and `poll`
 * after each change and when its time has come.
 */
export class Flow {
  readonly #options: FlowOptions
  readonly #out: FlowOutput
  readonly #outgoing: Record<FlowStream, OutgoingStream>
  readonly #incoming: Record<FlowStream, IncomingStream>
  readonly #sent: SentPackets
  readonly #received: ReceivedPackets
  readonly #congestion: Congestion
  readonly #pacer: Pacer
  readonly #roundTrip: RoundTrip
  readonly #datagrams: Datagrams
  readonly #wantsRoom = { control: false, data: false }
  /** What was lost since the last acknowledgement. */
  #lostSince = { bytes: 0, packets: 0 }
  #probes = 0
  #probeNow = 0
  #closing = false
  #closed = false
  #packets = 0
  #lost = 0
  #refused = 0

  constructor(options: FlowOptions, out: FlowOutput) {
    const { datagram, id, now } = options
    if (datagram < smallestDatagram || datagram > largestDatagram || id.length !== flowIdBytes) {
      throw new Error('A flow needs another size of datagrams, or another id')
    }
    this.#options = options
    this.#out = out
    const data = options.window ?? windows.data
    this.#outgoing = { control: new OutgoingStream(windows.control), data: new OutgoingStream(data) }
    this.#incoming = {
      control: new IncomingStream(windows.control, (bytes) => out.data('control', bytes)),
      data: new IncomingStream(data, (bytes) => out.data('data', bytes)),
    }
    this.#sent = new SentPackets(now)
    this.#received = new ReceivedPackets()
    this.#congestion = new Congestion(datagram, (options.expected ?? 0) / 1000)
    this.#pacer = new Pacer(now)
    this.#roundTrip = new RoundTrip(options.rtt)
    this.#datagrams = new Datagrams(options, out)
  }

  get stats(): FlowStats {
    return {
      rtt: this.#roundTrip.smoothed,
      minRtt: this.#congestion.minRtt,
      rate: this.#congestion.rate * 1000,
      packets: this.#packets,
      lost: this.#lost,
      refused: this.#refused,
      inFlight: this.#sent.inFlight,
      phase: this.#congestion.phase,
    }
  }

  /** Takes a copy of as much of `bytes` as there is room for; answers how much. `room` tells of more. */
  write(stream: FlowStream, bytes: Buffer): number {
    if (this.#closing || this.#closed) return 0
    const taken = this.#outgoing[stream].write(bytes, this.#mostHeld(stream))
    if (taken < bytes.length) this.#wantsRoom[stream] = true
    return taken
  }

  /** The bytes that `data` gave are through, so the peer may send as many more. */
  consumed(stream: FlowStream, bytes: number): void {
    const incoming = this.#incoming[stream]
    incoming.consumed(bytes)
    this.#received.windowOpened(stream, incoming.limit)
  }

  /** The highest speed of what this side sends, bytes a second; -1 is none. */
  setRate(bytesPerSecond: number): void {
    this.#pacer.limit = bytesPerSecond < 0 ? Number.POSITIVE_INFINITY : bytesPerSecond / 1000
  }

  /** Ends the flow once what was written has arrived; what is never acknowledged is given up in the end. */
  close(): void {
    this.#closing = true
  }

  /**
   * A datagram came. Answers whether it is authentic and the newest so far: only such a one shows where the peer is
   * now, since anybody can send an old one again from elsewhere. What is not authentic is ignored.
   */
  receive(datagram: Buffer, now: number): boolean {
    if (this.#closed || datagram.length < packetHead + tagBytes) return false
    const header = datagram.subarray(0, packetHead)
    const number = this.#received.expand(datagram.readUInt32LE(flowIdBytes))
    const plain = this.#options.sealer.open(number, header, datagram.subarray(packetHead))
    if (plain === undefined) {
      this.#refused++
      return false
    }
    if (!this.#received.isNew(number)) return false
    const isNewest = this.#received.isNewest(number)
    try {
      this.#read(number, plain, now)
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error(String(error)))
    }
    return isNewest
  }

  /** Sends what may go now. Answers when it wants to be called again. */
  poll(now: number): number {
    if (this.#sent.span > mostSpan) this.#end(new ProtocolError('limit', 'a packet is never acknowledged'))
    if (this.#closed) return Number.POSITIVE_INFINITY
    this.#detectLosses(now)
    this.#probe(now)
    this.#sendAll(now)
    if (this.#received.isAckDue(now)) {
      this.#writeAck(now)
      this.#datagrams.seal(this.#sent.skip())
    }
    this.#datagrams.flush()
    this.#askForMore()
    if (this.#closing && this.#isThrough) {
      this.#sayGoodbye()
      return Number.POSITIVE_INFINITY
    }
    return this.#nextPoll(now)
  }

  /** Enough to go on while what was lost travels once more, and that again; bytes. */
  #mostHeld(stream: FlowStream): number {
    return stream === 'control' ? windows.control : 2 * this.#congestion.window + ahead
  }

  get #isThrough(): boolean {
    const { control, data } = this.#outgoing
    return (control.held === 0 && data.held === 0) || this.#probes > closingProbes
  }

  get #hasWork(): boolean {
    return this.#outgoing.control.hasWork || this.#outgoing.data.hasWork
  }

  get #isBlocked(): boolean {
    return this.#outgoing.control.isBlocked || this.#outgoing.data.isBlocked
  }

  #nextPoll(now: number): number {
    const mayWindow = this.#sent.inFlight < this.#congestion.window
    const next = this.#hasWork && mayWindow ? this.#pacer.next(now) : Number.POSITIVE_INFINITY
    const lossDue = this.#sent.lossDue(this.#roundTrip.lossAfter)
    return Math.min(next, this.#received.ackDue, lossDue, this.#probeDue)
  }

  #read(number: number, plain: Buffer, now: number): void {
    let wantsAck = false
    let isClosed = false
    for (const part of readPacket(plain)) {
      switch (part.type) {
        case 'piece':
          wantsAck = true
          this.#incoming[part.stream].receive(part.offset, part.bytes)
          break
        case 'ack':
          this.#onAck(part, now)
          break
        case 'ping':
          wantsAck = true
          break
        case 'close':
          isClosed = true
      }
    }
    const { minRtt } = this.#congestion
    this.#received.add(number, wantsAck, now, Math.min(minRtt, this.#roundTrip.smoothed))
    if (isClosed) this.#end(undefined)
  }

  #onAck({ ranges, delay, limits }: Ack, now: number): void {
    if ((ranges[0]?.end ?? 0) > this.#sent.nextNumber) {
      throw new ProtocolError('state', 'an acknowledgement of a packet that was never sent')
    }
    const opened = [this.#outgoing.control.allow(limits.control), this.#outgoing.data.allow(limits.data)]
    const { acked, newest, sample } = this.#sent.acked(ranges, now)
    if (opened.includes(true) || acked.length > 0) this.#probes = 0
    if (acked.length === 0) return
    let bytes = 0
    for (const packet of acked) {
      bytes += packet.bytes
      for (const stream of streams) {
        const piece = packet[stream]
        if (piece !== undefined) this.#outgoing[stream].acked(piece.offset, piece.length)
      }
    }
    const rtt = newest === undefined ? undefined : now - newest.sentAt
    if (rtt !== undefined) this.#roundTrip.measure(rtt, delay)
    const lost = this.#takeLost(now)
    this.#congestion.onAck({
      now,
      rtt,
      sample,
      delivered: this.#sent.delivered,
      acked: bytes,
      lost: lost.bytes,
      lostPackets: lost.packets,
      inFlight: this.#sent.inFlight,
    })
  }

  #detectLosses(now: number): void {
    for (const packet of this.#sent.lost(this.#roundTrip.lossAfter, now)) {
      this.#lost++
      this.#lostSince.bytes += packet.bytes
      this.#lostSince.packets++
      this.#again(packet)
    }
  }

  #takeLost(now: number): { bytes: number; packets: number } {
    this.#detectLosses(now)
    const lost = this.#lostSince
    this.#lostSince = { bytes: 0, packets: 0 }
    return lost
  }

  #again(packet: SentPacket): void {
    for (const stream of streams) {
      const piece = packet[stream]
      if (piece !== undefined) this.#outgoing[stream].lost(piece.offset, piece.length)
    }
  }

  get #probeDue(): number {
    if (this.#sent.isEmpty && !this.#isBlocked) return Number.POSITIVE_INFINITY
    const wait = Math.min(maxProbeWait, this.#roundTrip.probeAfter * 2 ** Math.min(this.#probes, 8))
    return this.#sent.lastSentAt + wait
  }

  /** Nothing was heard of the last packets: sends the oldest again, or asks, so that there is an answer. */
  #probe(now: number): void {
    if (now < this.#probeDue) return
    this.#probes++
    this.#probeNow = 2
    const { oldest } = this.#sent
    if (oldest !== undefined) this.#again(oldest)
  }

  #sendAll(now: number): void {
    this.#pacer.rate = this.#congestion.pacing(this.#roundTrip.smoothed)
    while (this.#hasWork) {
      if (this.#probeNow > 0) this.#probeNow--
      else if (!this.#maySend(now)) return
      this.#sendData(now)
    }
    if (this.#probeNow > 0) {
      this.#probeNow = 0
      this.#datagrams.packet.ping()
      this.#sealCounted(now, undefined, undefined)
    }
    if (this.#sent.inFlight < this.#congestion.window) this.#sent.markIdle()
  }

  #maySend(now: number): boolean {
    if (this.#sent.inFlight >= this.#congestion.window) return false
    const allowed = this.#pacer.allows(now, this.#options.datagram)
    // Somebody's limit is not the line's speed.
    if (!allowed && this.#pacer.isLimited) this.#sent.markIdle()
    return allowed
  }

  #sendData(now: number): void {
    const { room } = this.#datagrams.packet
    if (this.#received.hasNews && room > ackBytes + pieceHead) this.#writeAck(now)
    const control = this.#writePiece('control')
    const data = this.#writePiece('data')
    this.#sealCounted(now, control, data)
  }

  #writePiece(stream: FlowStream): Piece | undefined {
    const { packet } = this.#datagrams
    const { room } = packet
    const piece = room > 0 ? this.#outgoing[stream].take(room) : undefined
    if (piece === undefined) return undefined
    const { into, at } = packet.piece(stream, piece.offset, piece.length)
    this.#outgoing[stream].read(piece, into, at)
    return piece
  }

  #writeAck(now: number): void {
    const { control, data } = this.#incoming
    this.#received.write(this.#datagrams.packet, { control: control.limit, data: data.limit }, now)
  }

  #sealCounted(now: number, control: Piece | undefined, data: Piece | undefined): void {
    const bytes = this.#datagrams.size
    this.#pacer.take(bytes)
    this.#packets++
    this.#datagrams.seal(this.#sent.add(bytes, now, { control, data }))
  }

  #askForMore(): void {
    for (const stream of streams) {
      if (!this.#wantsRoom[stream]) continue
      if (this.#outgoing[stream].room(this.#mostHeld(stream)) < ahead / 4) continue
      this.#wantsRoom[stream] = false
      this.#out.room(stream)
    }
  }

  #sayGoodbye(): void {
    // Nobody answers it; a peer that hears none of the three notices the silence.
    for (let i = 0; i < 3; i++) {
      this.#datagrams.packet.close()
      this.#datagrams.seal(this.#sent.skip())
    }
    this.#end(undefined)
  }

  #end(error: Error | undefined): void {
    if (this.#closed) return
    this.#closed = true
    this.#out.closed(error)
  }
}

const streams = ['control', 'data'] as const
