import {
  type FromAgent,
  fromAgent,
  isErrorCode,
  maxControlMessage,
  parseMessage,
  parseValue,
  type RequestArgs,
  type RequestName,
  type RequestResult,
  requests,
  type ToAgent,
  WaybillError,
} from '@waybill/api'
import type { RawData, WebSocket } from 'ws'
import { split } from './split.js'
import type { HubTiming } from './timing.js'

/** Why a line is closed, as the code of its close frame says (1000-1015 are those of WebSocket itself). */
export const closeCodes = {
  goingAway: 1001,
  binary: 1003,
  internal: 1011,
  badMessage: 4400,
  refused: 4403,
  noHello: 4408,
  flood: 4429,
} as const

/** Messages that an agent may send between two pings; a busy one sends some hundred. */
const flood = 10_000
/** Bytes that may wait for an agent that does not read. */
const maxWaiting = 64 * 1024 * 1024

export type AgentMessage = Exclude<FromAgent, { type: 'reply' }>

export interface LineEvents {
  message(message: AgentMessage): void
  /** Once; nothing comes after. */
  closed(): void
}

interface Question {
  readonly name: RequestName
  readonly answered: (result: unknown) => void
  readonly failed: (error: WaybillError) => void
}

/** One agent's WebSocket: whole messages in and out, questions and their answers, and whether it is alive. */
export class Line {
  private readonly questions = new Map<number, Question>()
  private readonly heartbeat: NodeJS.Timeout
  private asked = 0
  private silentBeats = 0
  private received = 0

  constructor(
    private readonly socket: WebSocket,
    private readonly timing: HubTiming,
    private readonly events: LineEvents,
  ) {
    socket.on('message', (data, isBinary) => this.receive(data, isBinary))
    socket.on('pong', () => this.heard())
    socket.on('ping', () => this.heard())
    // Broken frames and too long messages: ws closes the line with the proper code by itself.
    socket.on('error', () => undefined)
    socket.once('close', () => this.ended())
    this.heartbeat = setInterval(() => this.beat(), timing.heartbeat)
    this.heartbeat.unref()
  }

  isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN
  }

  /** False when the line is gone. Throws `too_large` for a message that no agent would take. */
  send(message: ToAgent): boolean {
    if (!this.isOpen()) return false
    for (const part of split(message)) this.socket.send(part)
    if (this.socket.bufferedAmount > maxWaiting) this.terminate()
    return true
  }

  async request<N extends RequestName>(
    name: N,
    args: RequestArgs<N>,
    timeoutMs = this.timing.request,
  ): Promise<RequestResult<N>> {
    this.asked += 1
    const id = this.asked
    return await new Promise<RequestResult<N>>((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer)
        this.questions.delete(id)
      }
      const failed = (error: WaybillError): void => {
        settle()
        reject(error)
      }
      const timer = setTimeout(() => {
        failed(new WaybillError('timeout', `The agent did not answer ${name} within ${timeoutMs} ms`))
      }, timeoutMs)
      const answered = (result: unknown): void => {
        settle()
        // Safe: `reply` parsed it with the schema that RequestResult<N> is made from.
        resolve(result as RequestResult<N>)
      }
      this.questions.set(id, { name, answered, failed })
      try {
        if (!this.send({ type: 'request', id, name, args })) failed(gone())
      } catch (error) {
        settle()
        throw error
      }
    })
  }

  /** Whether the other end answers a ping within `timeoutMs`. */
  async alive(timeoutMs: number): Promise<boolean> {
    if (!this.isOpen()) return false
    return await new Promise((resolve) => {
      const done = (alive: boolean): void => {
        clearTimeout(timer)
        this.socket.off('pong', pong)
        this.socket.off('close', closed)
        resolve(alive)
      }
      const pong = (): void => done(true)
      const closed = (): void => done(false)
      const timer = setTimeout(closed, timeoutMs)
      this.socket.once('pong', pong)
      this.socket.once('close', closed)
      this.socket.ping()
    })
  }

  /** Says why this agent is not wanted, and closes. */
  refuse(error: WaybillError): void {
    this.send({ type: 'refused', code: error.code, message: error.message })
    this.close(closeCodes.refused, error.code)
  }

  close(code: number, reason: string): void {
    // ws terminates a line whose other end does not answer the close frame.
    this.socket.close(code, reason)
  }

  terminate(): void {
    this.socket.terminate()
  }

  private heard(): void {
    this.silentBeats = 0
  }

  /** Counts beats, not time: a stall of this process makes one late beat and condemns nobody. */
  private beat(): void {
    this.silentBeats += 1
    this.received = 0
    if (this.silentBeats > 3) this.terminate()
    else if (this.isOpen()) this.socket.ping()
  }

  private receive(data: RawData, isBinary: boolean): void {
    // What was on its way when the line was closed for cause is not looked at.
    if (!this.isOpen()) return
    this.heard()
    this.received += 1
    if (this.received > flood) {
      this.close(closeCodes.flood, 'too many messages')
    } else if (isBinary || !Buffer.isBuffer(data)) {
      this.close(closeCodes.binary, 'messages are JSON text')
    } else {
      const message = parseMessage(fromAgent, data.toString())
      if (message === undefined) this.close(closeCodes.badMessage, 'not a message of this protocol')
      else if (message.type === 'reply') this.reply(message)
      else this.events.message(message)
    }
  }

  private reply({ id, result, error }: Extract<FromAgent, { type: 'reply' }>): void {
    const question = this.questions.get(id)
    // Too late, the question timed out.
    if (question === undefined) return
    if (error !== undefined) {
      question.failed(new WaybillError(isErrorCode(error.code) ? error.code : 'internal', error.message))
      return
    }
    const parsed = parseValue(requests[question.name].result, result)
    if (parsed !== undefined) question.answered(parsed)
    else
      question.failed(new WaybillError('internal', `The agent's answer to ${question.name} makes no sense`))
  }

  private ended(): void {
    clearInterval(this.heartbeat)
    for (const question of [...this.questions.values()]) question.failed(gone())
    this.events.closed()
  }
}

export function gone(): WaybillError {
  return new WaybillError('agent_offline', 'The agent is not connected')
}

/** For the server that takes the sockets: what its lines may bring. */
export const socketOptions = { noServer: true, maxPayload: maxControlMessage, perMessageDeflate: false }
