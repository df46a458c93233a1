// @ts-check
// Runs on host a of a line that is up, told as JSON what to cut; prints the figures as JSON.
import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { killAllProcesses, ManagedProcess, tempDirectory, waitForStatus } from '@waybill/testkit'
import { empty } from '../../measure/compete.js'
import { checksumOf } from '../../measure/contents.js'
import { makeFreshFile } from '../../measure/data.js'
import { LineCounter } from '../../measure/line-counter.js'
import { startWaybill } from '../../programs/waybill.js'
import { onHost } from '../../wan/host.js'
import { cuts } from './cuts.js'

/**
 * @typedef {object} Task
 * @property {Record<'a' | 'b', import('../../wan/host.js').Host>} hosts
 * @property {string} control
 * @property {readonly string[]} cases
 * @property {number} rounds
 * @property {number} bytes
 * @property {number} limit seconds for one transfer
 * @property {Record<string, string>} settings
 */

/**
 * @typedef {object} CutFigures
 * @property {string} case
 * @property {string} says
 * @property {number[]} again bytes of the file that came over the line more than once, per cent of the file
 * @property {number[]} sent bytes that the job says it sent after the cut, per cent of the file
 * @property {number[]} saved bytes that the job says were there already, per cent of the file
 * @property {number[]} seconds from when everything was there again to the end
 * @property {string[]} log what the job says about its runs, of the last round
 * @property {string | undefined} failure
 */

/** @type {Task} */
const { hosts, control, cases, rounds, bytes, limit, settings } = JSON.parse(process.argv[2] ?? '{}')
const cutAt = 0.9
/** What a job's log says of its runs, and of what they travelled over. */
const said = /(Run \d+: |\S+ connected to ).*$/
const work = tempDirectory('bench')
const source = `${work}/file.bin`
/** @type {CutFigures[]} */
const results = []
try {
  const waybill = await startWaybill(work, { host: hosts.b, near: hosts.a.address, settings })
  // Agents come and go, but the counters of their host are to be read all the time.
  const resident = new ManagedProcess(...onHost(hosts.b, 'sleep', ['infinity']), { name: 'resident' })
  const counter = new LineCounter(resident.pid)
  const stage = { waybill, far: hosts.b, control }

  const { received: whole } = await transfer(waybill, counter, async () => undefined)
  for (const name of cases) {
    const { says, cut, undo } = cuts[name] ?? raise(name)
    /** @type {CutFigures} */
    const figures = {
      case: name,
      says,
      again: [],
      sent: [],
      saved: [],
      seconds: [],
      log: [],
      failure: undefined,
    }
    results.push(figures)
    for (let round = 0; round < rounds && figures.failure === undefined; round += 1) {
      // An agent remembers whom datagrams did not reach: each cut is to find the line as if it were the first.
      await waybill.desk.stop()
      await waybill.desk.restart()
      try {
        const { received, seconds, log } = await transfer(waybill, counter, async (sinceBegin) => {
          while (sinceBegin() < cutAt * whole) await sleep(5)
          await cut(stage)
        })
        figures.again.push(((received - whole) / whole) * 100)
        const { sent, saved } = lastRun(log)
        figures.sent.push((sent / bytes) * 100)
        figures.saved.push((saved / bytes) * 100)
        figures.seconds.push(seconds)
        figures.log = log
        process.stderr.write(`${name}: ${figures.again.at(-1)?.toFixed(2)} % again\n${log.join('\n')}\n`)
      } catch (error) {
        figures.failure = error instanceof Error ? error.message.split('\n')[0] : String(error)
        process.stderr.write(`${name}: ${figures.failure}\n`)
      }
      await undo?.(stage)
    }
  }
} finally {
  await killAllProcesses()
}
// Whatever is still waited for is nothing to wait for.
process.stdout.write(JSON.stringify(results), () => process.exit())

/**
 * Sends fresh data, disturbed meanwhile, and answers with what host b received until the transfer was done.
 * @param {import('../../programs/waybill.js').Waybill} waybill
 * @param {LineCounter} counter
 * @param {(received: () => number) => Promise<void>} disturb
 */
async function transfer(waybill, counter, disturb) {
  makeFreshFile(source, bytes)
  const start = counter.read()
  const id = await waybill.begin(source, 'file.bin')
  try {
    const disturbing = performance.now()
    await disturb(() => counter.read() - start)
    const cut = performance.now()
    // Failing for a while is no failure: it is tried again by itself.
    await waitForStatus(waybill.admin, id, 'done', {
      timeoutMs: limit * 1000,
      everyMs: 100,
      never: ['aborted'],
    })
    const received = counter.read() - start
    const seconds = (performance.now() - Math.max(cut, disturbing)) / 1000
    if (checksumOf(source) !== checksumOf(`${waybill.directory}/file.bin`))
      throw new Error('It arrived wrongly')
    // The last line of the log is written a moment after the end.
    await sleep(500)
    const log = (await waybill.admin.log(id)).split('\n').flatMap((line) => said.exec(line)?.[0] ?? [])
    return { received, seconds, log }
  } catch (error) {
    await waybill.abort(id).catch(() => undefined)
    throw error
  } finally {
    empty(waybill.directory)
    rmSync(source)
  }
}

/**
 * What the job says of the run that ended it.
 * @param {readonly string[]} log
 */
function lastRun(log) {
  const [, sent, saved] = /(\d+) bytes sent, (\d+) bytes were there/.exec(log.at(-1) ?? '') ?? []
  return { sent: Number(sent), saved: Number(saved) }
}

/** @returns {never} */
function raise(/** @type {string} */ name) {
  throw new Error(`There is no way of cutting called ${name}`)
}
