// @ts-check
import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { waitForStatus } from '@waybill/testkit'
import { empty } from '../../measure/compete.js'
import { makeFreshFile } from '../../measure/data.js'

/** @typedef {import('./cases.js').Figures} Figures */
/** @typedef {Exclude<Awaited<ReturnType<typeof import('../../programs/iperf3.js').startIperf>>, undefined>} Iperf */

/**
 * What TCP connections of the kernel get over the line with nothing to read or write: the limit for programs
 * that use so many.
 * @param {{ iperf: Iperf, rounds: number, sizes: import('./sizes.js').Sizes }} bench
 * @returns {Promise<Figures[]>}
 */
export async function iperf3({ iperf, rounds, sizes }) {
  const found = []
  for (const connections of [1, 16, 32]) {
    const mbit = []
    for (let round = 0; round < rounds; round += 1)
      mbit.push(await iperf.measure({ connections, seconds: sizes.iperfSeconds }))
    const program = `iperf3, ${connections} connection${connections === 1 ? '' : 's'}`
    process.stderr.write(`${program}: ${mbit.map(Math.round).join(', ')} Mbit/s\n`)
    found.push({ case: 'iperf3', program, mbit, complete: true })
  }
  return found
}

/** Seconds that a transfer has to find its speed before the other flow begins. */
const settling = 3

/**
 * A single flow of cubic, alone and beside a transfer that is at full speed.
 * @param {import('./cases.js').Bench & { iperf: Iperf }} bench
 * @returns {Promise<Figures[]>}
 */
export async function neighbour({ work, waybill, line, iperf, rounds, sizes }) {
  if (waybill === undefined) return []
  // What one flow gets with loss is luck: longer and more often, for a figure that means something.
  const patience = line.loss > 0 ? 2 : 1
  const flow = { connections: 1, seconds: sizes.iperfSeconds * patience }
  const source = `${work}/neighbour.bin`
  // More than the line carries meanwhile.
  makeFreshFile(source, ((line.rate * 1e6) / 8) * (settling + flow.seconds + 5))
  /** @type {{ alone: number[], beside: number[], transfer: number[] }} */
  const mbit = { alone: [], beside: [], transfer: [] }
  for (let round = 0; round < rounds * patience; round += 1) {
    mbit.alone.push(await iperf.measure(flow))
    const id = await waybill.begin(source, 'neighbour.bin')
    await waitForStatus(waybill.admin, id, 'running')
    await sleep(settling * 1000)
    const transferred = async () => Number((await waybill.admin.get('transfer', id))?.transferred ?? 0)
    const [begin, before] = [performance.now(), await transferred()]
    mbit.beside.push(await iperf.measure(flow))
    mbit.transfer.push(((await transferred()) - before) / 125 / (performance.now() - begin))
    await waybill.abort(id)
    empty(waybill.directory)
    const last = Object.entries(mbit).map(([name, list]) => `${name} ${Math.round(list.at(-1) ?? 0)}`)
    process.stderr.write(`neighbour, Mbit/s: ${last.join(', ')}\n`)
  }
  rmSync(source)
  const row = (/** @type {string} */ program, /** @type {number[]} */ list) => ({
    case: 'neighbour',
    program,
    mbit: list,
    complete: true,
  })
  return [
    row('one flow of cubic, alone', mbit.alone),
    row('one flow of cubic, beside a transfer', mbit.beside),
    row('the transfer meanwhile', mbit.transfer),
  ]
}
