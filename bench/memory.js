// @ts-check
import { rmSync } from 'node:fs'
import { killAllProcesses, makeManyFiles, tempDirectory, waitForStatus } from '@waybill/testkit'
import { peakMemory, startWaybill } from './waybill.js'

/**
 * Peak memory of every process while many small files go through, up and down, and before: what grows with
 * the number of files shows.
 * @param {{ files: number, size: number }} load
 */
export async function memory({ files, size }) {
  const work = tempDirectory('bench')
  const waybill = await startWaybill(work)
  const { plane, desk, admin } = waybill
  const look = () => ({ plane: peakMemory(plane.process.pid), desk: peakMemory(desk.process.pid) })

  await makeManyFiles(`${work}/few`, Math.ceil(files / 100), size)
  await waybill.copy(`${work}/few`, 'few')
  const few = look()

  await makeManyFiles(`${work}/many`, files, size)
  const begin = performance.now()
  await waybill.copy(`${work}/many`, 'many')
  const up = (performance.now() - begin) / 1000
  const uploaded = look()

  const job = await admin.create('transfer', {
    source: 'volume=storage/many',
    destination: desk.at(`${work}/back`),
  })
  await waitForStatus(admin, job.id, 'done', { timeoutMs: 900_000 })
  const downloaded = look()
  await killAllProcesses()
  rmSync(work, { recursive: true, force: true })

  const row = (
    /** @type {string} */ title,
    /** @type {'plane' | 'desk'} */ key,
    /** @type {number} */ at,
  ) => [title, ...[few, uploaded, downloaded].map((one) => one[key][at]?.peak ?? '')]
  return {
    title: `Memory, ${files} files of ${size} bytes (up in ${up.toFixed(1)} s), highest resident MiB so far`,
    columns: ['', `after ${Math.ceil(files / 100)} files`, 'after all, sent up', 'after all, sent down'],
    rows: [
      ...uploaded.plane.map((one, at) => row(`waybill up, process ${at + 1} (${one.pid})`, 'plane', at)),
      ...uploaded.desk.map((one, at) => row(`waybill agent, process ${at + 1} (${one.pid})`, 'desk', at)),
    ],
  }
}
