import { type FromAgent, parseMessage, type ToAgent, toAgent } from '@waybill/api'
import type { RawData, WebSocket } from 'ws'
import type { OwnAddress } from '../../network/own-address.js'

export interface LineEvents {
  message(message: ToAgent): void
  /** Numbers for the next heartbeat. */
  metrics(): Readonly<Record<string, number>>
}

/** The agent's end of an open line: whole messages, heartbeats, and an eye on whether the server is alive. */
export class ControlLine {
  /** Resolves when the line is over, with words why. */
  readonly closed: Promise<string>
  private readonly timer: NodeJS.Timeout
  private silentBeats = 0
  private why: string | undefined

  /**
   * @param heartbeat milliseconds between two heartbeats; a server silent for three of them is gone.
   * @param address what the line has at this end; without it nothing comes any more
   */
  constructor(
    private readonly socket: WebSocket,
    heartbeat: number,
    private readonly events: LineEvents,
    private readonly address?: Pick<OwnAddress, 'isGone'>,
  ) {
    socket.on('message', (data, isBinary) => this.receive(data, isBinary))
    socket.on('ping', () => this.heard())
    socket.on('error', (error) => this.blame(error.message))
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        clearInterval(this.timer)
        const words = reason.length === 0 ? `the connection broke (${code})` : reason.toString()
        resolve(this.why ?? words)
      })
    })
    this.timer = setInterval(() => this.beat(), heartbeat)
    // A line that died before it got here says nothing more.
    if (socket.readyState === socket.CLOSED) clearInterval(this.timer)
  }

  /** False when the line is gone. */
  send(message: FromAgent): boolean {
    if (this.socket.readyState !== this.socket.OPEN) return false
    this.socket.send(JSON.stringify(message))
    return true
  }

  /** Closes in order; `closed` resolves when the server has answered, or is found not to. */
  close(): void {
    this.socket.close(1000, 'the agent stops')
  }

  terminate(why: string): void {
    this.blame(why)
    this.socket.terminate()
  }

  private heard(): void {
    this.silentBeats = 0
  }

  /** Counts beats, not time: after a stall or a suspended machine, what has arrived is read before judging. */
  private beat(): void {
    this.silentBeats += 1
    if (this.silentBeats > 3) this.terminate('the server is silent')
    else if (this.address?.isGone === true) this.terminate('this machine has another address now')
    else this.send({ type: 'heartbeat', metrics: this.events.metrics() })
  }

  private receive(data: RawData, isBinary: boolean): void {
    this.heard()
    const message = isBinary || !Buffer.isBuffer(data) ? undefined : parseMessage(toAgent, data.toString())
    if (message === undefined) {
      this.blame('the server sent what is no message of this protocol')
      this.socket.close(4400, 'not a message of this protocol')
      return
    }
    if (message.type === 'refused') this.blame(`the server refuses: ${message.message}`)
    this.events.message(message)
  }

  private blame(why: string): void {
    this.why ??= why
  }
}
