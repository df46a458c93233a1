// @ts-check
import { whyNoNetwork } from '../wan/network.js'
import { api } from './api/api.js'
import { large } from './large.js'
import { latency } from './latency.js'
import { memory } from './memory.js'
import { resume } from './resume/resume.js'
import { small } from './small.js'
import { wan } from './wan/wan.js'

/** @typedef {import('../run.js').Options} Options */
/** @typedef {Record<string, unknown> & { tables: import('../report/table.js').Table[] }} Result */

/**
 * What can be measured, by name.
 * @type {Record<string, { says: string, run: (options: Options) => Promise<Result>, impossible?: () => string | undefined }>}
 */
export const parts = {
  transfer: {
    says: 'over loopback: a file of 4 GiB, and memory for many files and for 100 GB',
    run: async (options) => joined({ large: await large(options), memory: await memory(options) }),
  },
  large: { says: 'the first half of transfer', run: large },
  small: { says: 'over loopback: 50,000 files of 4 KiB, fresh and unchanged', run: small },
  memory: { says: 'the second half of transfer', run: memory },
  wan: {
    says: 'over 100 ms and 500 Mbit/s with losses: iperf3, file, refused, command, tree, small, neighbour',
    run: wan,
    impossible: () => whyNoNetwork(),
  },
  resume: {
    says: 'what a transfer that is cut at 90 % sends again: sender, receiver, silent, address',
    run: resume,
    impossible: () => whyNoNetwork({ changeable: true }),
  },
  latency: {
    says: 'from creating a transfer to its first byte',
    run: ({ quick }) => single(latency({ tries: quick ? 4 : 50 })),
  },
  api: {
    says: 'calls of the API among many jobs',
    run: ({ quick }) => single(api(apiLoad(quick ? 0.01 : 1))),
  },
}

function apiLoad(/** @type {number} */ scale) {
  const scaled = (/** @type {number} */ count) => Math.max(1, Math.round(count * scale))
  return {
    jobs: scaled(100_000),
    entries: scaled(10_000),
    acls: scaled(200),
    tries: Math.max(10, scaled(200)),
    seconds: Math.max(1, 5 * scale),
  }
}

/** A part whose figures are its table. @param {Promise<import('../report/table.js').Table>} measured */
async function single(measured) {
  const table = await measured
  return { rows: table.rows, tables: [table] }
}

/** @param {Record<string, Result>} results @returns {Result} */
function joined(results) {
  const bare = Object.entries(results).map(([name, { tables: _, ...result }]) => [name, result])
  return { ...Object.fromEntries(bare), tables: Object.values(results).flatMap(({ tables }) => tables) }
}
