// @ts-check
import { existsSync } from 'node:fs'
import { emulatedNetwork, whyNoEmulator } from './emulator.js'
import { externalNetwork } from './external.js'
import { removeStale } from './namespaces.js'
import { hasNetem, netemNetwork } from './netem.js'

/**
 * What a line is like, the same in both directions.
 * @typedef {object} Line
 * @property {number} delay milliseconds one way; the round trip is twice that
 * @property {number} rate Mbit/s, headers included
 * @property {number} queue milliseconds that packets may wait for their turn
 * @property {number} loss per cent of the packets
 * @property {string} cc congestion control that both hosts use when nobody asks for another
 */

/**
 * Two hosts, 10.77.0.1 and 10.77.0.2, joined by a line.
 * @typedef {object} Network
 * @property {string} kind how the line is made, in words
 * @property {Record<'a' | 'b', import('./host.js').Host>} hosts
 * @property {string | undefined} control where `NAME VALUE` lines change the line while it is up, if they can
 * @property {() => Promise<string>} down takes it down; answers with what it carried, if that is known
 */

/** What is between continents: 100 ms there and back, 500 Mbit/s, hosts as most are. */
export const wideArea = Object.freeze({ delay: 50, rate: 500, queue: 100, loss: 0, cc: 'cubic' })

/**
 * Sets a network up, with the best means at hand: the program that `WAYBILL_WAN` names, the kernel's netem, or
 * an emulator of our own.
 * @param {Line} line
 * @param {{ name?: string, changeable?: boolean }} [options] `changeable`: with a control, so never by another
 *   program
 * @returns {Promise<Network>}
 */
export async function startNetwork(line, { name = `bench-${process.pid}`, changeable = false } = {}) {
  const reason = whyNoNetwork({ changeable })
  if (reason !== undefined) throw new Error(reason)
  removeStale(/^bench-(\d+)-[ab]$/)
  const program = process.env.WAYBILL_WAN
  if (program !== undefined && program !== '' && !changeable) return externalNetwork(program, line)
  if (hasNetem() && !changeable) return netemNetwork(name, line)
  return emulatedNetwork(name, line)
}

/** Why no network can be set up here; undefined when one can. */
export function whyNoNetwork({ changeable = false } = {}) {
  if (process.platform !== 'linux') return 'Network namespaces need Linux'
  if (process.getuid?.() !== 0) return 'Network namespaces need root'
  if (!['/sbin/ip', '/usr/sbin/ip', '/bin/ip', '/usr/bin/ip'].some((path) => existsSync(path)))
    return 'Network namespaces need the command ip (iproute2)'
  if (!changeable && ((process.env.WAYBILL_WAN ?? '') !== '' || hasNetem())) return undefined
  return whyNoEmulator()
}
