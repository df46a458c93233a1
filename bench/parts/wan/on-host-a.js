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
 * @property {number} rounds
 * @property {import('./sizes.js').Sizes} sizes
 * @property {Record<string, string>} settings of all transfers
 */

/** @type {Task} */
const { hosts, line, cases: wanted, rounds, sizes, settings } = JSON.parse(process.argv[2] ?? '{}')
const work = tempDirectory('bench')
const ofWaybill = ['file', 'refused', 'command', 'tree', 'small', 'neighbour']
const results = []
try {
  const iperf = wanted.some((name) => name === 'iperf3' || name === 'neighbour')
    ? await startIperf(hosts.b)
    : undefined
  if (iperf !== undefined && wanted.includes('iperf3'))
    results.push(...(await iperf3({ iperf, rounds, sizes })))
  const limited = wanted.includes('refused')
  const peers = limited ? [] : await startPeers(work, hosts.b, ['rsync', 'scp', 'rclone'])
  if (wanted.some((name) => ofWaybill.includes(name))) {
    const waybill = await startWaybill(work, {
      host: hosts.b,
      near: hosts.a.address,
      refused: limited,
      settings,
    })
    const bench = { work, waybill, ours: 'Waybill', peers, rounds, sizes, rate: line.rate }
    for (const [name, measure] of Object.entries({ file, refused, command, tree, small }))
      if (wanted.includes(name)) results.push(...(await measure(bench)))
    if (iperf !== undefined && wanted.includes('neighbour'))
      results.push(...(await neighbour({ ...bench, iperf })))
  }
} finally {
  await killAllProcesses()
}
process.stdout.write(JSON.stringify(results))
