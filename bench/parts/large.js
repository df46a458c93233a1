// @ts-check
import { rmSync } from 'node:fs'
import { killAllProcesses, tempDirectory } from '@waybill/testkit'
import { compete } from '../measure/compete.js'
import { makeFreshFile } from '../measure/data.js'
import { spread } from '../measure/numbers.js'
import { startPeers } from '../programs/peers.js'
import { startWaybill } from '../programs/waybill.js'
import { loopback } from '../wan/host.js'
import { measuredProgram, measuredWaybill } from './loopback.js'

const method =
  `One file over loopback, from one directory to another of the same file system. Waybill: a control plane and
two agents as processes of their own, every setting at its default, so encrypted and verified; from before the job is
made until a client that looks every 40 ms sees it done. scp encrypts too; rsync to a daemon and cp do not. "on disk"
has a sync after it: Waybill's word means that the bytes survive a power cut, that of the others does not. Processor
time is that of both agents, of the others' client and server, per 1e9 bytes. Programs take turns, each run copies
bytes never seen before, and each copy is compared by checksum; a first round is not counted. The source is in the
page cache; caches are not dropped.`.replaceAll('\n', ' ')

/** One large file on this machine. @param {import('../run.js').Options} options */
export async function large({ rounds, quick, settings }) {
  const bytes = quick ? 200e6 : 4 * 2 ** 30
  const work = tempDirectory('bench')
  const waybill = await startWaybill(work, { settings })
  const peers = await startPeers(work, loopback, ['rsync', 'scp', 'cp'])
  const contestants = [measuredWaybill(waybill), ...peers.map(measuredProgram)]
  const load = {
    work,
    name: 'large.bin',
    contestants,
    make: (/** @type {string} */ path) => makeFreshFile(path, bytes),
    bytes,
  }
  await compete({ ...load, title: 'large, not counted', rounds: 1 })
  const outcomes = await compete({ ...load, title: 'large', rounds })
  await killAllProcesses()
  rmSync(work, { recursive: true, force: true })

  const rows = [...outcomes].map(([program, list]) => ({
    program,
    runs: list.map(({ seconds, extra }) => ({ seconds, ...extra })),
  }))
  const of = (/** @type {(typeof rows)[number] | undefined} */ row, /** @type {string} */ key) =>
    spread((row?.runs ?? []).map((run) => /** @type {Record<string, number>} */ (run)[key] ?? 0)).median
  const [own] = rows
  const table = {
    title: `One file of ${(bytes / 1e9).toFixed(2)} GB over loopback, median of ${rounds}`,
    columns: [
      '',
      "Waybill's speed / its",
      'the same, on disk',
      's',
      'MB/s',
      'on disk s',
      'processor s per GB',
    ],
    rows: rows.map((row) => [
      row.program,
      row === own ? '' : (of(row, 'seconds') / of(own, 'seconds')).toFixed(2),
      row === own ? '' : (of(row, 'stored') / of(own, 'stored')).toFixed(2),
      of(row, 'seconds').toFixed(2),
      Math.round(bytes / 1e6 / of(row, 'seconds')),
      of(row, 'stored').toFixed(2),
      ((of(row, 'cpu') * 1e9) / bytes).toFixed(2) +
        (row === own
          ? ` (sender ${((of(row, 'sender') * 1e9) / bytes).toFixed(2)}, receiver ${((of(row, 'receiver') * 1e9) / bytes).toFixed(2)})`
          : ''),
    ]),
  }
  return { method, bytes, settings, rows, tables: [table] }
}
