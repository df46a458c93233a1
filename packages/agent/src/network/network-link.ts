import type { OpenResult } from '@waybill/api'
import { type ControlFrame, decode, encode, headerBytes, type Payload } from '@waybill/asc'
import type { BufferPool } from '../transport/buffers.js'
import { asError, failureOf, type LinkFault } from './faults.js'
import type { FromNetwork, Post, ToNetwork } from './messages.js'

export interface LinkEvents {
  /** The link stands, with this encryption over this line. */
  stands(cipher: string, line: OpenResult['line']): void
  control(frame: ControlFrame): void
  data(type: number, payload: Payload): void
  /** A batch of input was worked through. */
  drained(): void
  /** There may be room for data. */
  room(): void
  /** Once: the link is of no use any more. Without a fault it was closed by this side. */
  down(fault: LinkFault | undefined): void
}

/** The right to send one frame of data. */
export interface Slot {
  /**
   * Sends a frame whose memory came from the pool of the session, and gives that back to the pool by itself: from here
   * on `frame` must not be touched. `sent` when it went out, or never will.
   */
  send(frame: Buffer, sent?: () => void): void
  release(): void
}

/** Control frames that may be on their way to the network before no more are made than necessary; bytes. */
const congestedBytes = 1024 * 1024

/** A link as its session sees it; the sockets are with the network, across messages. */
export class NetworkLink {
  readonly #id: number
  readonly #post: Post<ToNetwork>
  readonly #pool: BufferPool
  readonly #events: LinkEvents
  readonly #opened: Promise<OpenResult>
  #resolve: (result: OpenResult) => void = () => undefined
  #reject: (error: Error) => void = () => undefined
  #queued: Buffer[] = []
  #flushPlanned = false
  #flushing = 0
  #window = 0
  #held = 0
  readonly #waiting: (() => void)[] = []
  readonly #back: ArrayBuffer[] = []
  #down = false
  readonly #roundTrip: Promise<number | undefined>
  #measured: (milliseconds: number | undefined) => void = () => undefined

  constructor(id: number, post: Post<ToNetwork>, pool: BufferPool, events: LinkEvents) {
    this.#id = id
    this.#post = post
    this.#pool = pool
    this.#events = events
    this.#opened = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#opened.catch(() => undefined)
    this.#roundTrip = new Promise((resolve) => {
      this.#measured = resolve
    })
  }

  /** The port of a listener, the encryption of a connector whose connections stand. Rejects with `unreachable`. */
  get opened(): Promise<OpenResult> {
    return this.#opened
  }

  /** How long the way there and back takes, milliseconds, once it was measured; undefined if the link went down. */
  get roundTrip(): Promise<number | undefined> {
    return this.#roundTrip
  }

  /** Whether control frames pile up, so that no more should be made than necessary. */
  get congested(): boolean {
    return this.#flushing > congestedBytes
  }

  /** Sends a control frame. What is sent in one turn goes out as one write. */
  control(frame: Buffer): void {
    if (this.#down) return
    this.#queued.push(frame)
    if (this.#flushPlanned) return
    this.#flushPlanned = true
    setImmediate(() => {
      this.#flushPlanned = false
      this.#flush()
    })
  }

  /** Room for one frame of data. */
  slot(): Slot | undefined {
    if (this.#down || this.#held >= this.#window) return undefined
    this.#held++
    let isOurs = true
    const release = () => {
      if (isOurs) this.#held--
      isOurs = false
    }
    return {
      send: (frame, sent) => {
        isOurs = false
        this.#send(frame, sent)
      },
      release,
    }
  }

  /** Stops and resumes reading of data, while this side cannot keep up. */
  pause(paused: boolean): void {
    this.#tell({ type: 'pause', link: this.#id, paused })
  }

  /** Bytes a second for what this side sends; negative is no limit. */
  rate(bytesPerSecond: number): void {
    this.#tell({ type: 'rate', link: this.#id, rate: bytesPerSecond })
  }

  /** Closes the link after what was sent so far. */
  close(): void {
    this.#shut(undefined)
  }

  /** Ends the link at once, telling the peer; an empty code when somebody asked for it. */
  stop(code: string, message: string): void {
    this.control(encode({ type: 'stop', code, message }))
    this.close()
  }

  /** The network is gone, and everything with it. */
  broke(fault: LinkFault): void {
    this.#end(fault)
  }

  receive(message: Exclude<FromNetwork, { type: 'ended' }>): void {
    switch (message.type) {
      case 'opened':
        this.#resolve(message.result)
        return
      case 'stands':
        this.#events.stands(message.cipher, message.line)
        return
      case 'control':
        this.#frames(Buffer.from(message.frames.buffer, message.frames.byteOffset, message.frames.byteLength))
        return
      case 'data':
        this.#data(message)
        return
      case 'sent':
        this.#returned(message.memory)
        this.#events.room()
        return
      case 'flushed':
        // What the network said by itself was never counted.
        this.#flushing = Math.max(0, this.#flushing - message.bytes)
        this.#events.drained()
        return
      case 'window':
        this.#window = message.frames
        this.#events.room()
        return
      case 'roundTrip':
        this.#measured(message.milliseconds)
        return
      case 'down':
        this.#end(message.fault)
        return
    }
  }

  #send(frame: Buffer, sent: (() => void) | undefined): void {
    const { buffer: memory, byteOffset: at, length } = frame
    const through = () => {
      this.#held--
      sent?.()
    }
    if (this.#down || !(memory instanceof ArrayBuffer)) {
      through()
      return
    }
    this.#waiting.push(through)
    this.#post({ type: 'data', link: this.#id, memory, at, length }, [memory])
  }

  /** Memory of a frame that went out comes back, in whatever order: they are all alike. */
  #returned(memory: ArrayBuffer): void {
    this.#pool.release(Buffer.from(memory))
    this.#waiting.shift()?.()
  }

  #frames(frames: Buffer): void {
    for (let at = 0; at < frames.length && !this.#down; ) {
      const end = at + headerBytes + frames.readUInt32LE(at)
      const [type, payload] = [frames.readUInt8(at + 4), frames.subarray(at + headerBytes, end)]
      this.#guard(() => this.#events.control(decode(type, payload)))
      at = end
    }
    this.#tell({ type: 'took', link: this.#id, bytes: frames.length })
    if (!this.#down) this.#events.drained()
  }

  #data({ frame, memory, at, length }: Extract<FromNetwork, { type: 'data' }>): void {
    let isHeld = true
    const release = () => {
      if (isHeld) this.#giveBack(memory)
      isHeld = false
    }
    this.#guard(() => this.#events.data(frame, { bytes: Buffer.from(memory, at, length), release }))
    if (!this.#down) this.#events.drained()
  }

  /** What breaks on one frame breaks the link, never the process. */
  #guard(action: () => void): void {
    try {
      action()
    } catch (error) {
      const fault = failureOf(error)
      this.control(encode({ type: 'stop', code: fault.code, message: fault.message }))
      this.#shut(fault)
    }
  }

  /** Not at once: whoever releases a payload may look at it until its turn is over. */
  #giveBack(memory: ArrayBuffer): void {
    this.#back.push(memory)
    if (this.#back.length > 1) return
    setImmediate(() => {
      const memories = this.#back.splice(0)
      this.#post({ type: 'back', link: this.#id, memories }, memories)
    })
  }

  #flush(): void {
    if (this.#queued.length === 0 || this.#down) return
    const frames = Buffer.concat(this.#queued)
    this.#queued = []
    this.#flushing += frames.length
    this.#post({ type: 'control', link: this.#id, frames })
  }

  #tell(message: ToNetwork): void {
    if (!this.#down) this.#post(message)
  }

  #shut(fault: LinkFault | undefined): void {
    if (this.#down) return
    this.#flush()
    this.#post({ type: 'close', link: this.#id })
    this.#end(fault)
  }

  #end(fault: LinkFault | undefined): void {
    if (this.#down) return
    this.#down = true
    this.#measured(undefined)
    this.#reject(asError(fault ?? { reason: 'stopped', code: 'E#J004', message: 'The session was stopped' }))
    // Whoever waits for room is told that there is nothing to wait for.
    for (const through of this.#waiting.splice(0)) through()
    this.#events.down(fault)
  }
}
