import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { BufferPool } from '../transport/buffers.js'
import { NetworkHost } from './host.js'
import type { FromNetwork, LinkSpec, NetworkOptions, Post, ToNetwork } from './messages.js'
import { type LinkEvents, NetworkLink } from './network-link.js'

/** Built files run in a worker; sources (tests) have none that Node could load. */
const workerUrl = import.meta.url.endsWith('.ts') ? undefined : new URL('./worker.js', import.meta.url)

/** The other side of the messages, until it ends. */
interface Peer {
  readonly post: Post<ToNetwork>
  end(): Promise<void>
}

/**
 * All sockets of this process, as its sessions see them. They live in a thread of their own, so that encryption and
 * the disk do not wait for one another. When it dies its links go down as failed, and a new one takes over.
 */
export class Network {
  readonly #options: NetworkOptions
  readonly #url: URL | undefined
  readonly #pool: BufferPool
  readonly #links = new Map<number, NetworkLink>()
  #peer: Peer
  #lastId = 0
  #closed: Promise<void> | undefined
  #ended: () => void = () => undefined

  /** `thread` is where its worker is, or false for none: everything in this thread, with the same messages. */
  constructor(pool: BufferPool, options: NetworkOptions & { readonly thread?: URL | false } = {}) {
    const { thread = workerUrl, ...rest } = options
    this.#pool = pool
    this.#options = rest
    this.#url = thread === false ? undefined : thread
    this.#peer = this.#start()
  }

  /** Makes a link; `opened` of it tells what came of that. */
  open(spec: LinkSpec, events: LinkEvents): NetworkLink {
    const id = ++this.#lastId
    const link = new NetworkLink(id, (message, transfer) => this.#peer.post(message, transfer), this.#pool, {
      ...events,
      down: (fault) => {
        this.#links.delete(id)
        events.down(fault)
      },
    })
    this.#links.set(id, link)
    this.#peer.post({ type: 'open', link: id, spec })
    return link
  }

  /** Ends the thread, once what was said over the links that were closed is out. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#ended = resolve
      this.#peer.post({ type: 'end' })
    })
    await this.#peer.end()
  }

  #start(): Peer {
    return this.#url === undefined ? this.#local() : this.#worker(this.#url)
  }

  #local(): Peer {
    const { port1: ours, port2: theirs } = new MessageChannel()
    const host = new NetworkHost(poster<FromNetwork>(theirs), this.#options)
    theirs.on('message', (message: ToNetwork) => host.receive(message))
    ours.on('message', (message: FromNetwork) => this.#receive(message))
    // A process is kept alive by its links' sockets, not by this.
    ours.unref()
    theirs.unref()
    return {
      post: poster<ToNetwork>(ours),
      end: () => {
        ours.close()
        return Promise.resolve()
      },
    }
  }

  #worker(url: URL): Peer {
    // Each datagram that is read leaves its memory behind: it is collected often.
    const worker = new Worker(url, {
      workerData: { options: this.#options },
      resourceLimits: { maxYoungGenerationSizeMb: 3 },
    })
    let cause = 'The network thread ended'
    worker.on('message', (message: FromNetwork) => this.#receive(message))
    worker.on('error', (error) => {
      cause = `The network thread broke: ${error instanceof Error ? error.message : String(error)}`
    })
    worker.on('exit', () => this.#died(cause))
    return {
      post: (message, transfer) => worker.postMessage(message, transfer ?? []),
      end: async () => {
        await worker.terminate()
      },
    }
  }

  #receive(message: FromNetwork): void {
    if (message.type === 'ended') {
      this.#ended()
      return
    }
    const link = this.#links.get(message.link)
    if (link !== undefined) link.receive(message)
    else if (message.type === 'data') {
      const { memory } = message
      this.#peer.post({ type: 'back', link: message.link, memories: [memory] }, [memory])
    } else if (message.type === 'sent') this.#pool.release(Buffer.from(message.memory))
  }

  #died(message: string): void {
    const links = [...this.#links.values()]
    this.#links.clear()
    if (this.#closed !== undefined) this.#ended()
    else this.#peer = this.#start()
    for (const link of links) link.broke({ reason: 'failed', code: 'E#J099', message })
  }
}

function poster<M>(port: MessagePort): Post<M> {
  return (message, transfer) => port.postMessage(message, transfer ?? [])
}
