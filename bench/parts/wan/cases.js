// @ts-check
import { compete, timed, within } from '../../measure/compete.js'
import { makeFreshFile, makeFreshTree } from '../../measure/data.js'
import { LineCounter, timeToFullSpeed } from '../../measure/line-counter.js'
import { megabits } from '../../measure/numbers.js'
import { processorSeconds } from '../../measure/processes.js'

/**
 * What the cases have to work with, on host a.
 * @typedef {object} Bench
 * @property {string} work
 * @property {import('../../programs/waybill.js').Waybill | undefined} waybill absent when only peers are measured
 * @property {readonly import('../../programs/commands.js').Program[]} peers
 * @property {number} rounds
 * @property {import('./sizes.js').Sizes} sizes
 * @property {import('../../wan/network.js').Line} line
 */

/**
 * Figures of one program in one case, one value for each round.
 * @typedef {object} Figures
 * @property {string} case
 * @property {string} program
 * @property {number[]} mbit goodput: file data that arrived, in Mbit/s
 * @property {boolean} complete whether it came to an end each time
 * @property {Record<string, number[]>} [extra] `seconds` of each run, and of Waybill: `toFullSpeed`, `lineMbit`, and
 *   processor seconds of `sender` and `receiver`
 */

/** One large file, from `running` to `done`. */
export async function file(/** @type {Bench} */ bench, ours = 'Waybill') {
  const { work, waybill, peers, rounds, sizes } = bench
  const outcomes = await compete({
    title: 'one file',
    work,
    name: 'file.bin',
    bytes: sizes.file,
    rounds,
    contestants: [
      ...(waybill === undefined ? [] : [waybillByJob(ours, waybill, sizes.limit)]),
      ...peers.map((peer) => timed(peer, { limit: sizes.limit })),
    ],
    make: (path) => makeFreshFile(path, sizes.file),
  })
  return figures('file', outcomes)
}

/** The same where the kernel refuses what the best way over TCP needs; peers do not ask for it anyway. */
export async function refused(/** @type {Bench} */ bench) {
  const found = await file({ ...bench, peers: [] }, 'Waybill, BBR refused')
  return found.map((one) => ({ ...one, case: 'refused' }))
}

/**
 * Waybill as a contestant, timed by what the job's row says, with an eye on the line meanwhile.
 * @param {string} name
 * @param {import('../../programs/waybill.js').Waybill} waybill
 * @param {number} limit seconds
 * @returns {import('../../measure/compete.js').Contestant}
 */
function waybillByJob(name, waybill, limit) {
  return {
    name,
    directory: waybill.directory,
    async copy(source, target, bytes) {
      const path = `${waybill.directory}/${target}`
      const counter = new LineCounter(waybill.vault.process.pid)
      const processor = () =>
        [waybill.desk, waybill.vault].map((agent) => processorSeconds(agent.process.pid))
      const before = processor()
      counter.start()
      try {
        const begin = performance.now()
        const id = await waybill.begin(source, target)
        const done = waybill.seconds(id)
        if (!(await within(limit, done))) {
          const job = await waybill.admin.get('transfer', id)
          const seconds = (performance.now() - begin) / 1000
          await waybill.abort(id)
          await done.catch(() => undefined)
          return { seconds, bytes: Number(job?.transferred ?? 0), complete: false, path }
        }
        const full = timeToFullSpeed(counter.stop())
        const speed = full === undefined ? {} : { toFullSpeed: full.seconds, lineMbit: full.fullMbit }
        const [sender = 0, receiver = 0] = processor().map((after, at) => after - (before[at] ?? 0))
        return { seconds: await done, bytes, complete: true, path, extra: { ...speed, sender, receiver } }
      } finally {
        counter.stop()
      }
    },
  }
}

/** `waybill transfer` of one file, everything included. */
export async function command(/** @type {Bench} */ { work, waybill, rounds, sizes }) {
  if (waybill === undefined) return []
  const outcomes = await compete({
    title: 'waybill transfer, one file',
    work,
    name: 'single.bin',
    bytes: sizes.single,
    rounds,
    contestants: [timed(waybill.command, { limit: sizes.limit })],
    make: (path) => makeFreshFile(path, sizes.single),
  })
  return figures('command', outcomes)
}

/** `waybill transfer` of a tree, everything included. */
export async function tree(/** @type {Bench} */ bench) {
  return copiesOfTree('tree', bench, bench.sizes.tree, bench.peers)
}

/** Many files that are smaller than a round trip is long. */
export async function small(/** @type {Bench} */ bench) {
  const rsync = bench.peers.filter(({ name }) => name.startsWith('rsync'))
  return copiesOfTree('small', bench, bench.sizes.small, rsync)
}

/**
 * @param {string} name @param {Bench} bench @param {{ files: number, size: number }} load
 * @param {readonly import('../../programs/commands.js').Program[]} peers
 */
async function copiesOfTree(name, { work, waybill, rounds, sizes }, load, peers) {
  const outcomes = await compete({
    title: `${load.files} files`,
    work,
    name,
    bytes: load.files * load.size,
    rounds,
    contestants: [...(waybill === undefined ? [] : [waybill.command]), ...peers].map((one) =>
      timed(one, { limit: sizes.limit }),
    ),
    make: (path) => makeFreshTree(path, load),
    keep: true,
  })
  return figures(name, outcomes)
}

/**
 * @param {string} name
 * @param {Map<string, import('../../measure/compete.js').Outcome[]>} outcomes
 * @returns {Figures[]}
 */
function figures(name, outcomes) {
  return [...outcomes].map(([program, list]) => {
    /** @type {Record<string, number[]>} */
    const extra = { seconds: list.map(({ seconds }) => seconds) }
    for (const outcome of list)
      for (const [key, value] of Object.entries(outcome.extra ?? {}))
        extra[key] = [...(extra[key] ?? []), value]
    return {
      case: name,
      program,
      mbit: list.map(({ bytes, seconds }) => megabits(bytes, seconds)),
      complete: list.every(({ complete }) => complete),
      extra,
    }
  })
}
