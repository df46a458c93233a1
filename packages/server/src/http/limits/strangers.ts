import type { Server } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import { isIPv6, type Socket } from 'node:net'
import { plainAddress } from '../../agents/addresses.js'
import { answerRaw } from '../network/answer-raw.js'

/** So many times the limit are let in for a moment: a hundred scripts behind one router may start together. */
const surge = 5

interface Stranger {
  socket: Socket
  /** Whether words would reach the other side: over TLS not before the handshake. */
  answerable: boolean
}

/**
 * Bounds the connections of each address that have not logged in. One over the limit has `holdMs` to log in,
 * or for others to do so or leave, and is cut off then; of a flood of them, the last are cut off at once.
 */
export class Strangers {
  readonly #limit: number
  readonly #holdMs: number
  readonly #groups = new Map<string, Map<string, Stranger>>()

  constructor(limit: number, holdMs: number) {
    this.#limit = limit
    this.#holdMs = holdMs
  }

  /** Watches the connections that a server gets. */
  watch(server: Server | SecureServer, secure: boolean): void {
    server.on('connection', (socket: Socket) => this.#arrived(socket, !secure))
    server.on('secureConnection', (socket: Socket) => {
      const stranger = this.#find(socket)
      if (stranger !== undefined) Object.assign(stranger, { socket, answerable: true })
    })
  }

  /** Whoever is at the other end has logged in. */
  loggedIn(socket: Socket): void {
    const group = groupOf(socket)
    if (group !== undefined) this.#leave(group, nameOf(socket))
  }

  /** Connections of an address that have not logged in. */
  count(address: string): number {
    return this.#groups.get(networkOf(address))?.size ?? 0
  }

  #arrived(socket: Socket, answerable: boolean): void {
    const group = groupOf(socket)
    if (group === undefined) return
    const strangers = this.#groups.get(group) ?? new Map<string, Stranger>()
    if (strangers.size >= this.#limit * surge) {
      socket.destroy()
      return
    }
    this.#groups.set(group, strangers)
    const name = nameOf(socket)
    const stranger = { socket, answerable }
    strangers.set(name, stranger)
    const hold = strangers.size > this.#limit ? this.#hold(strangers, name, stranger) : undefined
    socket.once('close', () => {
      clearTimeout(hold)
      this.#leave(group, name)
    })
  }

  #hold(strangers: Map<string, Stranger>, name: string, stranger: Stranger): NodeJS.Timeout {
    return setTimeout(() => {
      if (strangers.get(name) !== stranger || strangers.size <= this.#limit) return
      // Before it is gone, so that no more than necessary are cut off.
      strangers.delete(name)
      const { socket, answerable } = stranger
      if (answerable) answerRaw(socket, 'rate_limited', 'Too many connections that have not logged in')
      else socket.destroy()
    }, this.#holdMs).unref()
  }

  #find(socket: Socket): Stranger | undefined {
    const group = groupOf(socket)
    return group === undefined ? undefined : this.#groups.get(group)?.get(nameOf(socket))
  }

  #leave(group: string, name: string): void {
    const strangers = this.#groups.get(group)
    strangers?.delete(name)
    if (strangers?.size === 0) this.#groups.delete(group)
  }
}

/** A connection by its two ends: the same for the plain socket and the encrypted one over it. */
function nameOf({ remoteAddress, remotePort, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localPort}`
}

function groupOf({ remoteAddress }: Socket): string | undefined {
  return remoteAddress === undefined ? undefined : networkOf(remoteAddress)
}

/** Of IPv6, a machine usually has a whole network of 64 bits to itself. */
function networkOf(address: string): string {
  const plain = plainAddress(address) ?? address
  if (!isIPv6(plain)) return plain
  const [head = '', tail = ''] = plain.split('::', 2)
  const left = head === '' ? [] : head.split(':')
  const right = tail === '' ? [] : tail.split(':')
  const gap = plain.includes('::') ? Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0') : []
  return [...left, ...gap, ...right].slice(0, 4).join(':')
}
