// @ts-check
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startNetwork, wideArea } from '../../wan/network.js'
import { onHostA } from '../../wan/on-host-a.js'
import { quickSizes, usualSizes } from './sizes.js'
import { wanTables } from './tables.js'

const program = fileURLToPath(new URL('on-host-a.js', import.meta.url))
const allowed = '/proc/sys/net/ipv4/tcp_allowed_congestion_control'

export const wanCases = ['iperf3', 'file', 'refused', 'command', 'tree', 'small', 'neighbour']

/** @typedef {import('./cases.js').Figures & { loss: number }} WanRow */

/** What the control plane runs on matters, so it is said. */
const method =
  `Two network namespaces joined by a line of 50 ms one way, 500 Mbit/s and a queue of 100 ms, the same in both
directions, with packets lost at random and independently; both hosts use cubic unless a program asks for another.
The control plane and the sender run on host a (10.77.0.1), the receiver on host b (10.77.0.2), every setting at its
default unless "settings" says otherwise. Goodput is file data in Mbit/s. file, refused: one file, from running to done
as the job's row has it; refused: agents without CAP_NET_ADMIN while the machine allows reno and cubic only. command,
tree, small: the command waybill transfer from its start to its end, the start of Node included. Peers are timed from
start to end; whoever is not done within the limit is stopped and judged by what had arrived. Programs take turns, each
run copies bytes never seen before, and what was completed is compared by checksum. neighbour: one flow of iperf3 under
cubic, alone, when a transfer joins it, and when it joins a transfer; who is first has three seconds to find its speed,
and the transfer three to find its own; 30 s are measured, with loss twice as long and twice as often. The source is in
the page cache; caches are not dropped. toFullSpeed: seconds from the first 100 kB on the line until the first half
second that carried 90 % of what the line carried in the run's middle half second.`.replaceAll('\n', ' ')

/**
 * Everything over a long line, at each loss.
 * @param {import('../../run.js').Options} options
 */
export async function wan({ rounds, quick, losses, only, programs, settings }) {
  const sizes = quick ? quickSizes : usualSizes
  const cases = only.length > 0 ? wanCases.filter((name) => only.includes(name)) : wanCases
  if (cases.length === 0) throw new Error(`The cases are ${wanCases.join(', ')}`)
  /** @type {WanRow[]} */
  const rows = []
  let network = ''
  for (const loss of losses) {
    const line = { ...wideArea, loss }
    const usual = cases.filter((name) => suits(name, loss))
    for (const part of [
      usual.filter((name) => name !== 'refused'),
      usual.filter((name) => name === 'refused'),
    ]) {
      if (part.length === 0) continue
      process.stderr.write(`\nLoss ${loss} %: ${part.join(', ')}\n`)
      const { kind, hosts, down } = await startNetwork(line)
      network = kind
      try {
        const task = { hosts, line, cases: part, programs, rounds, sizes, settings }
        /** @returns {Promise<import('./cases.js').Figures[]>} */
        const measure = () => onHostA(hosts.a, program, task)
        const found = part.includes('refused') ? await whileRefused(measure) : await measure()
        rows.push(...found.map((one) => ({ ...one, loss })))
      } catch (error) {
        // Hours of other figures are not to be lost with these.
        process.stderr.write(`FAILED: ${error instanceof Error ? error.message : String(error)}\n`)
        process.exitCode = 1
      } finally {
        await down()
      }
    }
  }
  return { method, network, line: wideArea, sizes, settings, rows, tables: wanTables(rows, losses) }
}

/** Which cases say something at which loss. */
function suits(/** @type {string} */ name, /** @type {number} */ loss) {
  if (name === 'small') return loss === 0
  if (name === 'neighbour') return loss <= 0.1
  return true
}

/**
 * Lets the machine allow nothing but reno and cubic meanwhile, as most do; who may administer the network is not
 * bound by it.
 * @template Result
 * @param {() => Promise<Result>} measure
 */
async function whileRefused(measure) {
  const before = readFileSync(allowed, 'utf8')
  const restore = () => writeFileSync(allowed, before)
  process.once('exit', restore)
  try {
    writeFileSync(allowed, 'reno cubic')
    return await measure()
  } finally {
    restore()
    process.off('exit', restore)
  }
}
