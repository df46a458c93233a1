// @ts-check
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  Agent,
  ControlPlane,
  killAllProcesses,
  makeFile,
  tempDirectory,
  waitForStatus,
} from '@waybill/testkit'
import { spread } from '../measure/numbers.js'

/**
 * From the call that creates a transfer until it runs, until its first bytes are on the other side, and until
 * its file is there, while both ends are idle.
 * @param {{ tries: number }} load
 */
export async function latency({ tries }) {
  const work = tempDirectory('bench')
  const plane = await ControlPlane.start({ data: `${work}/waybill` })
  const desk = await Agent.start({ plane, name: 'desk' })
  const { admin } = plane
  const source = `${work}/source.bin`
  await makeFile(source, 256 * 1024)
  /** @type {Record<'answered' | 'running' | 'bytes' | 'file', number[]>} */
  const times = { answered: [], running: [], bytes: [], file: [] }

  for (let index = 0; index < tries; index += 1) {
    const place = `${plane.storage}/latency${index}`
    mkdirSync(place)
    const begin = performance.now()
    const since = () => performance.now() - begin
    const watching = watchFor(place, 'file.bin', since)
    const job = await admin.create('transfer', {
      source: desk.at(source),
      destination: `volume=storage/latency${index}/file.bin`,
    })
    times.answered.push(since())
    await waitForStatus(admin, job.id, ['running', 'done'], { everyMs: 2 })
    times.running.push(since())
    const { bytes, file } = await watching
    times.bytes.push(bytes)
    times.file.push(file)
    await waitForStatus(admin, job.id, 'done')
    // The link of the last job is let go, or not, as it would be with people about.
    await sleep(index % 2 === 0 ? 100 : 1500)
  }
  await killAllProcesses()
  rmSync(work, { recursive: true, force: true })
  const row = (/** @type {string} */ title, /** @type {number[]} */ list) => {
    const { median, least, most, p95 } = spread(list)
    return [title, ...[median, p95, least, most].map((ms) => Math.round(ms))]
  }
  return {
    title: `Time from creating a transfer between idle ends, ${tries} tries, ms`,
    columns: ['', 'median', '95 %', 'least', 'most'],
    rows: [
      row('the call is answered', times.answered),
      row('it is seen running (looked at every 2 ms)', times.running),
      row('first bytes at the destination', times.bytes),
      row('the file is there', times.file),
    ],
  }
}

/**
 * When anything at all appears in a directory, and when `name` does.
 * @param {string} place
 * @param {string} name
 * @param {() => number} since
 */
async function watchFor(place, name, since) {
  let bytes = 0
  for (;;) {
    const names = readdirSync(place)
    if (bytes === 0 && names.length > 0) bytes = since()
    if (names.includes(name)) return { bytes, file: since() }
    if (since() > 60_000) throw new Error(`${name} did not arrive`)
    await sleep(1)
  }
}
