// @ts-check
import { rmSync } from 'node:fs'
import { killAllProcesses, tempDirectory } from '@waybill/testkit'
import { compete } from '../measure/compete.js'
import { makeFreshTree } from '../measure/data.js'
import { spread } from '../measure/numbers.js'
import { startPeers } from '../programs/peers.js'
import { startWaybill } from '../programs/waybill.js'
import { loopback } from '../wan/host.js'
import { measuredProgram, measuredWaybill } from './loopback.js'

const method =
  `A tree of small files in folders of a hundred over loopback, copied to where nothing is, and again right
after, when all is there and unchanged. Waybill as in "large"; "running" is from running to done as the job's row has
it. The order rotates, each run has new data, each copy is compared by checksum, a first round is not counted.
Copies
are kept until the end, so that nobody pays for the deletion of another's. Caches are not dropped.`.replaceAll(
    '\n',
    ' ',
  )

/** Many small files on this machine, fresh and unchanged. @param {import('../run.js').Options} options */
export async function small({ rounds, quick, settings }) {
  const load = { files: quick ? 2000 : 50_000, size: 4096 }
  const work = tempDirectory('bench')
  const waybill = await startWaybill(work, { settings })
  const peers = await startPeers(work, loopback, ['rsync', 'scp', 'cp'])
  const contestants = [
    withRepetition(measuredWaybill(waybill)),
    ...peers.map((peer) =>
      peer.name.startsWith('rsync') ? withRepetition(measuredProgram(peer)) : measuredProgram(peer),
    ),
  ]
  const race = {
    work,
    name: 'small',
    bytes: load.files * load.size,
    contestants,
    make: (/** @type {string} */ path) => makeFreshTree(path, load),
    keep: true,
  }
  await compete({ ...race, title: 'small, not counted', rounds: 1 })
  const outcomes = await compete({ ...race, title: 'small', rounds })
  await killAllProcesses()
  rmSync(work, { recursive: true, force: true })

  const rows = [...outcomes].map(([program, list]) => ({
    program,
    runs: list.map(({ seconds, extra }) => ({ seconds, ...extra })),
  }))
  const own = rows[0]
  const columns = /** @type {const} */ (['seconds', 'stored', 'again'])
  const of = (/** @type {(typeof rows)[number] | undefined} */ row, /** @type {string} */ key) =>
    spread((row?.runs ?? []).map((run) => /** @type {Record<string, number>} */ (run)[key] ?? Number.NaN))
      .median
  const ratio = (/** @type {number} */ value) => (Number.isNaN(value) ? '' : value.toFixed(2))
  const table = {
    title: `${load.files} files of ${load.size} bytes over loopback, median of ${rounds}`,
    columns: [
      '',
      ...["Waybill's speed / its", 'on disk', 'unchanged'],
      ...['s', 'on disk s', 'unchanged s'],
      'files/s',
    ],
    rows: rows.map((row) => [
      row.program,
      ...columns.map((key) => (row === own ? '' : ratio(of(row, key) / of(own, key)))),
      ...columns.map((key) => ratio(of(row, key))),
      Math.round(load.files / of(row, 'seconds')),
    ]),
  }
  const running = `from running to done: fresh ${of(own, 'running').toFixed(2)} s, unchanged ${of(own, 'againRunning').toFixed(2)} s`
  return { method, load, settings, rows, tables: [{ ...table, title: `${table.title}; Waybill ${running}` }] }
}

/** Copies once more when all is there. @param {import('../measure/compete.js').Contestant} contestant */
function withRepetition(contestant) {
  /** @type {import('../measure/compete.js').Contestant} */
  const repeating = {
    ...contestant,
    async copy(...load) {
      const first = await contestant.copy(...load)
      const { seconds, extra } = await contestant.copy(...load)
      const running = extra?.running === undefined ? {} : { againRunning: extra.running }
      return { ...first, extra: { ...first.extra, again: seconds, ...running } }
    },
  }
  return repeating
}
