import { isIP } from 'node:net'

/** An address without the prefix and zone that sockets decorate it with; undefined when it is none. */
export function plainAddress(text: string): string | undefined {
  const plain = text
    .toLowerCase()
    .replace(/%.*$/, '')
    .replace(/^::ffff:(?=\d+\.)/, '')
  return isIP(plain) === 0 ? undefined : plain
}

/**
 * Where other agents may try an agent, likeliest first: the address that it talks to us from, when that is its
 * own; its other ones; what a translating router shows; its own machine last.
 */
export function orderAddresses(own: readonly string[], seen: string): string[] {
  const remote = plainAddress(seen)
  const plain = [...new Set(own.flatMap((address) => plainAddress(address) ?? []))]
  const rank = (address: string): number => {
    if (isLoopback(address)) return 4
    if (address === remote) return 0
    return isIP(address) === 4 ? 1 : 2
  }
  const ranked = plain.map((address) => ({ address, rank: rank(address) }))
  if (remote !== undefined && !plain.includes(remote)) {
    // A loopback address seen from here says only that the agent runs on this machine.
    ranked.push({ address: remote, rank: isLoopback(remote) ? 5 : 3 })
  }
  return ranked.sort((a, b) => a.rank - b.rank).map(({ address }) => address)
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.')
}
