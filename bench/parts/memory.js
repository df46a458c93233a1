// @ts-check
import { lstatSync, rmSync, statfsSync } from 'node:fs'
import { killAllProcesses, tempDirectory } from '@waybill/testkit'
import { makeFreshFile, makeFreshTree, makeSparseFile } from '../measure/data.js'
import { forgetPeak, peakMemory, processorSeconds } from '../measure/processes.js'
import { startWaybill } from '../programs/waybill.js'

const method =
  `The highest resident memory (VmHWM, MB) of the control plane and of either agent, while a few files, very
many files in one job, one very large file with holes and a large one without go through; peaks are forgotten before
each (except for what is still resident). Flat is good. Processor seconds are those of both agents.`.replaceAll(
    '\n',
    ' ',
  )

/** Memory of all parts while much goes through. @param {import('../run.js').Options} options */
export async function memory({ quick, full, settings }) {
  const files = full ? 1_000_000 : quick ? 5000 : 100_000
  const work = tempDirectory('bench')
  const waybill = await startWaybill(work, { settings })
  const { plane, desk, vault } = waybill
  const parts = { 'control plane': plane.process.pid, sender: desk.process.pid, receiver: vault.process.pid }
  /** @type {{ load: string, seconds: number, processor: number, peaks: Record<string, number> }[]} */
  const rows = []
  /** @param {string} load @param {string} name */
  const measure = async (load, name) => {
    for (const group of Object.values(parts)) forgetPeak(group)
    const before = processorOf(waybill)
    const seconds = await waybill.seconds(await waybill.begin(`${work}/${name}`, name))
    const peaks = Object.entries(parts).map(([part, group]) => [
      part,
      peakMemory(group).reduce((sum, { peak }) => sum + peak, 0),
    ])
    const processor = processorOf(waybill) - before
    rows.push({ load, seconds, processor, peaks: Object.fromEntries(peaks) })
    process.stderr.write(`${load}: ${seconds} s, ${JSON.stringify(Object.fromEntries(peaks))} MB\n`)
  }

  makeFreshTree(`${work}/few`, { files: Math.ceil(files / 100), size: 1024 })
  await measure(`${Math.ceil(files / 100)} files of 1 kB`, 'few')
  makeFreshTree(`${work}/many`, { files, size: 1024 })
  await measure(`${files} files of 1 kB`, 'many')
  for (const name of ['few', 'many'])
    for (const place of [work, waybill.directory]) rmSync(`${place}/${name}`, { recursive: true })

  makeSparseFile(`${work}/probe`, 1e9)
  await measure('a file of 1 GB with holes', 'probe')
  const keepsHoles = lstatSync(`${waybill.directory}/probe`).blocks * 512 < 0.5e9
  rmSync(`${waybill.directory}/probe`)
  const size = sizeOfSparse(quick ? 2e9 : 100e9, keepsHoles, work)
  makeSparseFile(`${work}/sparse`, size)
  await measure(
    `a file of ${Math.round(size / 1e9)} GB with holes${keepsHoles ? '' : ' (written out)'}`,
    'sparse',
  )
  for (const place of [work, waybill.directory]) rmSync(`${place}/sparse`)
  const dense = quick ? 0.2e9 : 4e9
  makeFreshFile(`${work}/dense`, dense)
  await measure(`a file of ${dense / 1e9} GB`, 'dense')
  await killAllProcesses()
  rmSync(work, { recursive: true, force: true })
  const table = {
    title: 'Memory: highest resident MB while it goes through',
    columns: ['', 's', 'processor s', ...Object.keys(parts)],
    rows: rows.map(({ load, seconds, processor, peaks }) => [
      load,
      seconds.toFixed(1),
      processor.toFixed(1),
      ...Object.keys(parts).map((part) => peaks[part] ?? ''),
    ]),
  }
  return { method, settings, rows, tables: [table] }
}

/** Processor seconds of both agents so far. @param {Awaited<ReturnType<typeof startWaybill>>} waybill */
function processorOf({ desk, vault }) {
  return processorSeconds(desk.process.pid) + processorSeconds(vault.process.pid)
}

/** Where holes are filled at the destination, no more than what the disk can take. */
function sizeOfSparse(
  /** @type {number} */ wanted,
  /** @type {boolean} */ keepsHoles,
  /** @type {string} */ work,
) {
  const { bavail, bsize } = statfsSync(work)
  if (keepsHoles || wanted < (bavail * bsize) / 2) return wanted
  const size = Math.floor((bavail * bsize) / 3e9) * 1e9
  process.stderr.write(
    `Holes are written out, and the disk has no room for ${wanted / 1e9} GB: ${size / 1e9} GB\n`,
  )
  return size
}
