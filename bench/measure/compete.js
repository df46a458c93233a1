// @ts-check
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '../programs/commands.js'
import { bytesBelow, checksumOf } from './contents.js'

/**
 * @typedef {object} Outcome
 * @property {number} seconds
 * @property {number} bytes that had arrived by then
 * @property {boolean} complete
 * @property {string} path
 * @property {Record<string, number>} [extra] whatever else was measured
 */

/**
 * One of those that are compared.
 * @typedef {object} Contestant
 * @property {string} name
 * @property {string} directory where its copies come to lie; emptied after each run
 * @property {(source: string, name: string, bytes: number) => Promise<Outcome>} copy
 */

/**
 * Lets all copy turn and turn about, each time data that were never seen before, and compares every copy that
 * was completed with its source: one that is fast and wrong would not count.
 * @param {object} load
 * @param {string} load.title
 * @param {string} load.work a directory of ours
 * @param {string} load.name of the file or directory that is copied
 * @param {number} load.bytes
 * @param {number} load.rounds
 * @param {readonly Contestant[]} load.contestants
 * @param {(path: string) => void} load.make makes the data
 * @param {boolean} [load.keep] whether copies and data are only put aside: ext4 takes a tenth of a millisecond and more
 *   for each new file where many were deleted in the last minutes, and whoever comes next would pay for that
 * @returns {Promise<Map<string, Outcome[]>>} by name, one of each round
 */
export async function compete({ title, work, name, bytes, rounds, contestants, make, keep = false }) {
  const source = `${work}/${name}`
  /** @type {Map<string, Outcome[]>} */
  const outcomes = new Map(contestants.map((one) => [one.name, []]))
  for (let round = 0; round < rounds; round += 1) {
    // Whoever goes first profits from a rested disk; so everybody does in turn.
    const first = round % contestants.length
    for (const one of [...contestants.slice(first), ...contestants.slice(0, first)]) {
      make(source)
      // Nobody is to pay for the writes of another.
      await run('sync', [])
      const outcome = await one.copy(source, name, bytes).catch(failure)
      if (outcome.complete && checksumOf(source) !== checksumOf(outcome.path))
        throw new Error(`${one.name} copied wrongly: ${outcome.path}`)
      outcomes.get(one.name)?.push(outcome)
      if (keep) {
        putAside(work, source)
        for (const entry of readdirSync(one.directory)) putAside(work, `${one.directory}/${entry}`)
      } else {
        empty(one.directory)
        rmSync(source, { recursive: true, force: true })
      }
      process.stderr.write(`${title}, round ${round + 1}, ${one.name}: ${describe(outcome)}\n`)
    }
  }
  return outcomes
}

/** One that fails does not end the comparison, and has brought nothing. @returns {Outcome} */
function failure(/** @type {unknown} */ error) {
  process.stderr.write(`Failed: ${error instanceof Error ? error.message : String(error)}\n`)
  return { seconds: Number.POSITIVE_INFINITY, bytes: 0, complete: false, path: '' }
}

function describe(/** @type {Outcome} */ { seconds, bytes, complete }) {
  const part = complete ? '' : `, ${(bytes / 1e6).toFixed(1)} MB by then`
  return `${seconds.toFixed(2)} s${part}`
}

let asides = 0

function putAside(/** @type {string} */ work, /** @type {string} */ path) {
  mkdirSync(`${work}/aside`, { recursive: true })
  renameSync(path, `${work}/aside/${asides++}`)
}

export function empty(/** @type {string} */ directory) {
  for (const entry of readdirSync(directory))
    rmSync(`${directory}/${entry}`, { recursive: true, force: true })
}

/**
 * A program as a contestant, timed from its start to its end, or stopped at a limit and judged by what had
 * arrived by then.
 * @param {import('../programs/commands.js').Program} program
 * @param {{ limit?: number }} [options] seconds
 * @returns {Contestant}
 */
export function timed(program, { limit = Number.POSITIVE_INFINITY } = {}) {
  return {
    name: program.name,
    directory: program.directory,
    async copy(source, name, bytes) {
      const begin = performance.now()
      const copying = program.copy(source, name)
      const complete = await within(limit, copying.done)
      const seconds = (performance.now() - begin) / 1000
      if (complete) return { seconds, bytes, complete, path: copying.path }
      const arrived = (await copying.arrived?.()) ?? bytesBelow(program.directory)
      await copying.stop()
      return { seconds, bytes: Math.min(bytes, arrived), complete, path: copying.path }
    },
  }
}

/**
 * Whether something was done within some seconds; its failure is thrown.
 * @param {number} seconds
 * @param {Promise<unknown>} done
 */
export async function within(seconds, done) {
  if (seconds === Number.POSITIVE_INFINITY) return done.then(() => true)
  const stop = new AbortController()
  const late = sleep(seconds * 1000, false, { signal: stop.signal }).catch(() => false)
  // When it is stopped for being late its failure is nobody's concern.
  done.catch(() => undefined)
  try {
    return await Promise.race([done.then(() => true), late])
  } finally {
    stop.abort()
  }
}
