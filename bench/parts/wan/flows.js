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

/** Seconds that whoever begins first has to find its speed, before the other one begins. */
const settling = 3

/**
 * A single flow of cubic: alone, when a transfer joins it, and when it joins a transfer that is at full speed.
 * @param {import('./cases.js').Bench & { iperf: Iperf }} bench
 * @returns {Promise<Figures[]>}
 */
export async function neighbour({ work, waybill, line, iperf, rounds, sizes }) {
  if (waybill === undefined) return []
  // What one flow gets with loss is luck: longer and more often, for a figure that means something.
  const patience = line.loss > 0 ? 2 : 1
  const seconds = sizes.neighbourSeconds * patience
  const source = `${work}/neighbour.bin`
  // More than the line carries meanwhile.
  makeFreshFile(source, ((line.rate * 1e6) / 8) * (2 * settling + seconds + 5))

  /** @param {() => Promise<number>} measure @param {string} id */
  const during = async (measure, id) => {
    const transferred = async () => Number((await waybill.admin.get('transfer', id))?.transferred ?? 0)
    const [begin, before] = [performance.now(), await transferred()]
    const flow = await measure()
    const transfer = ((await transferred()) - before) / 125 / (performance.now() - begin)
    await waybill.abort(id)
    empty(waybill.directory)
    return [flow, transfer]
  }
  const begun = async () => {
    const id = await waybill.begin(source, 'neighbour.bin')
    await waitForStatus(waybill.admin, id, 'running')
    return id
  }
  /** @type {Record<string, () => Promise<number[]>>} */
  const turns = {
    'one flow of cubic, alone': async () => [
      await iperf.measure({ connections: 1, seconds, omit: settling }),
    ],
    'one flow of cubic that a transfer joins': async () => {
      const flow = iperf.measure({ connections: 1, seconds, omit: 2 * settling })
      await sleep(settling * 1000)
      const id = await begun()
      await sleep(settling * 1000)
      return await during(() => flow, id)
    },
    'one flow of cubic that joins a transfer': async () => {
      const id = await begun()
      await sleep(settling * 1000)
      return await during(() => iperf.measure({ connections: 1, seconds }), id)
    },
  }
  /** @type {Map<string, number[]>} */
  const found = new Map()
  const note = (/** @type {string} */ program, /** @type {number} */ mbit) => {
    process.stderr.write(`${program}: ${Math.round(mbit)} Mbit/s\n`)
    found.set(program, [...(found.get(program) ?? []), mbit])
  }
  for (let round = 0; round < rounds * patience; round += 1) {
    for (const [program, measure] of Object.entries(turns)) {
      const [flow = 0, transfer] = await measure()
      note(program, flow)
      if (transfer !== undefined) note(`${program}: the transfer meanwhile`, transfer)
    }
  }
  rmSync(source)
  return [...found].map(([program, mbit]) => ({ case: 'neighbour', program, mbit, complete: true }))
}
