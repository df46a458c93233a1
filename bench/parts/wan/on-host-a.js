// @ts-check
// Runs on host a of a line that is up, told as JSON what to measure; prints the figures as JSON.
import { killAllProcesses, tempDirectory } from '@waybill/testkit'
import { startIperf } from '../../programs/iperf3.js'
import { startPeers } from '../../programs/peers.js'
import { startWaybill } from '../../programs/waybill.js'
import { command, file, refused, small, tree } from './cases.js'
import { iperf3, neighbour } from './flows.js'

/**
 * @typedef {object} Task
 * @property {Record<'a' | 'b', import('../../wan/host.js').Host>} hosts
 * @property {import('../../wan/network.js').Line} line
 * @property {readonly string[]} cases
 * @property {readonly string[]} programs
 * @property {number} rounds
 * @property {import('./sizes.js').Sizes} sizes
 * @property {Record<string, string>} settings of all transfers
 */

/** @type {Task} */
const { hosts, line, cases, programs, rounds, sizes, settings } = JSON.parse(process.argv[2] ?? '{}')
const work = tempDirectory('bench')
const wanted = (/** @type {string[]} */ ...names) => names.some((name) => cases.includes(name))
// Nobody but Waybill asks for what is refused there.
const limited = wanted('refused')
/** @type {import('./cases.js').Figures[]} */
const results = []
try {
  const iperf = wanted('iperf3', 'neighbour') ? await startIperf(hosts.b) : undefined
  if (iperf !== undefined && wanted('iperf3')) await attempt(() => iperf3({ iperf, rounds, sizes }))
  const bench = { work, waybill: await ourselves(), peers: await others(), rounds, sizes, line }
  for (const [name, measure] of Object.entries({ file, refused, command, tree, small }))
    if (wanted(name)) await attempt(() => measure(bench))
  if (iperf !== undefined && wanted('neighbour')) await attempt(() => neighbour({ ...bench, iperf }))
} finally {
  await killAllProcesses()
}
// Whatever is still waited for is nothing to wait for.
process.stdout.write(JSON.stringify(results), () => process.exit())

/**
 * One case that fails is no reason to lose the figures of the others.
 * @param {() => Promise<import('./cases.js').Figures[]>} measure
 */
async function attempt(measure) {
  try {
    results.push(...(await measure()))
  } catch (error) {
    process.stderr.write(`FAILED: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}

async function ourselves() {
  if (!programs.includes('waybill')) return undefined
  if (!wanted('file', 'refused', 'command', 'tree', 'small', 'neighbour')) return undefined
  return startWaybill(work, { host: hosts.b, near: hosts.a.address, refused: limited, settings })
}

async function others() {
  if (limited || !wanted('file', 'tree', 'small')) return []
  const names = /** @type {const} */ (['rsync', 'scp', 'rclone'])
  return startPeers(
    work,
    hosts.b,
    names.filter((name) => programs.includes(name)),
  )
}
