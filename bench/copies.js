// @ts-check
import { rmSync } from 'node:fs'
import {
  differences,
  killAllProcesses,
  makeFile,
  makeManyFiles,
  readTree,
  tempDirectory,
} from '@waybill/testkit'
import { run, startPeers } from './peers.js'
import { spread, startWaybill } from './waybill.js'

/**
 * Copies the same load by Waybill and by its peers, turn and turn about, and compares the times.
 * @param {{ title: string, name: string, files: number, size: number, rounds: number }} load
 */
export async function copies({ title, name, files, size, rounds }) {
  const work = tempDirectory('bench')
  const single = files === 1
  const source = single ? `${work}/source.bin` : `${work}/source`
  if (single) await makeFile(source, size)
  else await makeManyFiles(source, files, size)

  const waybill = await startWaybill(work)
  const all = [{ name: 'Waybill', copy: waybill.copy }, ...(await startPeers(work))]
  /** @type {Map<string, { told: number[], stored: number[] }>} */
  const times = new Map(all.map((one) => [one.name, { told: [], stored: [] }]))
  const expected = single ? undefined : await readTree(source)

  // One round more than is counted: the first warms caches and compilers.
  for (let round = 0; round <= rounds; round += 1) {
    // Whoever goes first profits from a rested disk; so everybody does in turn.
    const order = [...all.slice(round % all.length), ...all.slice(0, round % all.length)]
    for (const one of order) {
      await run('sync', [])
      const begin = performance.now()
      const path = await one.copy(source, `${name}${round}${single ? '.bin' : ''}`)
      const told = performance.now() - begin
      await run('sync', [])
      const stored = performance.now() - begin
      if (round === 0) await verify(expected, source, path, one.name)
      else {
        times.get(one.name)?.told.push(told)
        times.get(one.name)?.stored.push(stored)
      }
      rmSync(path, { recursive: true })
      console.error(
        `${title}, round ${round}, ${one.name}: ${Math.round(told)} ms, on disk ${Math.round(stored)} ms`,
      )
    }
  }
  await killAllProcesses()
  rmSync(work, { recursive: true, force: true })

  const own = spread(times.get('Waybill')?.told ?? [])
  const ownStored = spread(times.get('Waybill')?.stored ?? [])
  const seconds = (/** @type {number} */ ms) => (ms / 1000).toFixed(2)
  const rows = [...times].map(([who, { told, stored }]) => {
    const [time, disk] = [spread(told), spread(stored)]
    const rate = single
      ? `${Math.round((size / 1e6 / time.median) * 1000)} MB/s`
      : `${Math.round((files / time.median) * 1000)} files/s`
    const speedOfWaybill = [time.median / own.median, disk.median / ownStored.median]
    return [
      who,
      seconds(time.median),
      `${seconds(time.least)}-${seconds(time.most)}`,
      rate,
      seconds(disk.median),
      ...speedOfWaybill.map((ratio) => (who === 'Waybill' ? '' : ratio.toFixed(2))),
    ]
  })
  return {
    title: `${title}: ${files} x ${size} bytes, ${rounds} rounds`,
    columns: ['', 'median s', 'range s', 'rate', 'on disk s', "Waybill's speed / its", 'the same, on disk'],
    rows,
  }
}

/**
 * A copy that is fast and wrong would not count.
 * @param {import('@waybill/testkit').Tree | undefined} expected
 * @param {string} source
 * @param {string} path
 * @param {string} who
 */
async function verify(expected, source, path, who) {
  if (expected === undefined) {
    await run('cmp', [source, path])
    return
  }
  // Dates are not compared: scp keeps whole seconds only.
  const lines = differences(expected, await readTree(path)).filter((line) => !line.includes(': modified '))
  if (lines.length > 0) throw new Error(`${who} copied wrongly: ${lines.slice(0, 5).join('; ')}`)
}
