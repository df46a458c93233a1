import { BlockList, isIP } from 'node:net'
import { WaybillError } from '@waybill/api'
import { plainAddress } from '../../agents/addresses.js'

const most = 100

/** The last 32 bits of an IPv6 address that stands for an IPv4 one, as two groups of hex digits. */
const MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/

/**
 * Addresses and networks (`10.1.0.0/16`, `2001:db8::/32`) as they are kept. `bad_request` for what is neither:
 * names are not taken, since whoever answers for a name could open the key.
 */
export function parseAddresses(list: readonly string[]): readonly string[] {
  if (list.length > most) throw new WaybillError('bad_request', `At most ${most} addresses`)
  return [...new Set(list.map(parseNetwork))]
}

function parseNetwork(text: string): string {
  const { address, bits } = readNetwork(text) ?? refuse(text)
  return bits === (isIP(address) === 4 ? 32 : 128) ? address : `${address}/${bits}`
}

function refuse(text: string): never {
  const shown = JSON.stringify(text.slice(0, 100))
  throw new WaybillError('bad_request', `${shown} is no address; 10.1.2.3, 10.1.0.0/16 and 2001:db8::/32 are`)
}

function readNetwork(text: string): { readonly address: string; readonly bits: number } | undefined {
  const [, host = '', length] = /^([^/%\s]+)(?:\/(\d{1,3}))?$/.exec(text.trim()) ?? []
  const address = canonical(host)
  if (address === undefined) return undefined
  const width = isIP(address) === 4 ? 32 : 128
  // The network of a mapped address counts the 96 bits before it.
  const offset = width === 32 && host.includes(':') ? 96 : 0
  const bits = length === undefined ? width : Number(length) - offset
  return bits >= 0 && bits <= width ? { address, bits } : undefined
}

/** One spelling for each address, and IPv4 for the IPv6 ones that stand for it; undefined for what is none. */
function canonical(text: string): string | undefined {
  const plain = plainAddress(text)
  if (plain === undefined || isIP(plain) === 4) return plain
  const short = new URL(`http://[${plain}]`).hostname.slice(1, -1)
  const [, high, low] = MAPPED.exec(short) ?? []
  if (high === undefined || low === undefined) return short
  const number = Number.parseInt(high, 16) * 65_536 + Number.parseInt(low, 16)
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.')
}

/** Whether `address`, as a socket shows it, is one of `allowed`; everything is where none are named. */
export function isAllowedFrom(allowed: readonly string[], address: string): boolean {
  if (allowed.length === 0) return true
  const from = canonical(address)
  if (from === undefined) return false
  const list = new BlockList()
  for (const entry of allowed) {
    const network = readNetwork(entry)
    if (network !== undefined) list.addSubnet(network.address, network.bits, family(network.address))
  }
  return list.check(from, family(from))
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6'
}
