import { networkInterfaces } from 'node:os'

/** What of a socket tells which of this machine's addresses it uses. */
interface Local {
  readonly localAddress?: string | undefined
}

/**
 * The address that a connection has at this end. When the machine has lost it, nothing comes any more, and nothing
 * says so: the connection would only fall silent.
 */
export class OwnAddress {
  readonly #address: string | undefined
  readonly #list: () => readonly string[]

  /** `list` tells the addresses that this machine has now. */
  constructor({ localAddress }: Local, list: () => readonly string[] = allAddresses) {
    this.#list = list
    const address = localAddress === undefined ? undefined : plain(localAddress)
    // One that was never listed, as behind some load balancers, says nothing by not being there.
    this.#address = address !== undefined && list().includes(address) ? address : undefined
  }

  /** Whether the machine has it no more. An interface that is down for a moment looks the same. */
  get isGone(): boolean {
    return this.#address !== undefined && !this.#list().includes(this.#address)
  }
}

function allAddresses(): readonly string[] {
  const lists = Object.values(networkInterfaces())
  return lists.flatMap((list) => list ?? []).map(({ address }) => plain(address))
}

/** Without the zone, and without the prefix that sockets for both kinds of addresses put before the older ones. */
function plain(address: string): string {
  return address.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '')
}
