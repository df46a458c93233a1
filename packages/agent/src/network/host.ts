import { BufferPool } from '../transport/buffers.js'
import { LinkListener } from '../transport/listener.js'
import { Unreached } from './choice.js'
import { HostedLink } from './hosted-link.js'
import { KnownRates } from './known-rates.js'
import type { FromNetwork, NetworkOptions, Post, ToNetwork } from './messages.js'

/** The side of the sockets: all links of one process, with the listener that they share. Driven by messages. */
export class NetworkHost {
  readonly #post: Post<FromNetwork>
  readonly #shared
  readonly #links = new Map<number, HostedLink>()
  readonly #pool = new BufferPool()
  #ending = false

  constructor(post: Post<FromNetwork>, options: NetworkOptions = {}) {
    this.#post = post
    this.#shared = {
      pool: this.#pool,
      listener: new LinkListener(),
      unreached: new Unreached(),
      rates: new KnownRates(),
      silenceMs: options.silenceMs ?? 15_000,
      expectMs: options.expectMs ?? 30_000,
      dialMs: options.dialMs ?? 15_000,
    }
  }

  receive(message: ToNetwork): void {
    if (message.type === 'end') {
      this.#end()
      return
    }
    const link = this.#links.get(message.link)
    switch (message.type) {
      case 'open':
        this.#open(message.link, message)
        return
      case 'control':
        link?.control(Buffer.from(message.frames))
        return
      case 'data': {
        const { memory, at, length } = message
        if (link === undefined) this.#post({ type: 'sent', link: message.link, memory }, [memory])
        else link.data(Buffer.from(memory, at, length))
        return
      }
      case 'took':
        link?.took(message.bytes)
        return
      case 'back':
        for (const memory of message.memories) {
          this.#pool.release(Buffer.from(memory))
          link?.back(memory.byteLength)
        }
        return
      case 'pause':
        link?.pause(message.paused)
        return
      case 'rate':
        link?.rate(message.rate)
        return
      case 'close':
        link?.close()
        return
    }
  }

  #open(id: number, { spec }: Extract<ToNetwork, { type: 'open' }>): void {
    const link = new HostedLink(id, spec, this.#shared, {
      post: this.#post,
      over: () => {
        this.#links.delete(id)
        if (this.#ending) this.#end()
      },
    })
    this.#links.set(id, link)
    link.open()
  }

  /** Sockets linger for a moment, until the peer has heard the last word. */
  #end(): void {
    this.#ending = true
    for (const link of this.#links.values()) link.close()
    if (this.#links.size > 0) return
    this.#shared.listener.close()
    this.#post({ type: 'ended' })
  }
}
