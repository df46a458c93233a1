// @ts-check
import { cpus, release, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { killAllProcesses } from '@waybill/testkit'
import { api } from './api.js'
import { copies } from './copies.js'
import { latency } from './latency.js'
import { memory } from './memory.js'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'large,small,memory,latency,api' },
    rounds: { type: 'string', default: '5' },
    /** Shrinks every load, to try the benchmark itself: 0.01 is a hundredth of the files and bytes. */
    scale: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})

const scale = Number(values.scale)
const rounds = Number(values.rounds)
const scaled = (/** @type {number} */ count) => Math.max(1, Math.round(count * scale))
const MiB = 1024 * 1024

/** @type {Record<string, () => Promise<{ title: string, columns: string[], rows: (string | number)[][] }>>} */
const parts = {
  large: () => copies({ title: 'One large file', files: 1, size: scaled(1024) * MiB, rounds, name: 'large' }),
  small: () =>
    copies({ title: 'Many small files', files: scaled(10_000), size: 4096, rounds, name: 'small' }),
  memory: () => memory({ files: scaled(100_000), size: 1024 }),
  latency: () => latency({ tries: scaled(50) }),
  api: () =>
    api({
      jobs: scaled(100_000),
      entries: scaled(10_000),
      acls: scaled(200),
      tries: Math.max(10, scaled(200)),
      seconds: Math.max(1, 5 * Math.min(1, scale)),
    }),
}

const wanted = values.only.split(',').map((name) => name.trim())
const unknown = wanted.filter((name) => !(name in parts))
if (unknown.length > 0 || !(scale > 0) || !(rounds >= 1)) {
  console.error(`Unknown part or number; the parts are ${Object.keys(parts).join(', ')}`)
  process.exit(2)
}

try {
  const machine = `${cpus().length} cores (${cpus()[0]?.model ?? '?'}), ${Math.round(totalmem() / 2 ** 30)} GiB`
  console.error(`Node ${process.version}, Linux ${release()}, ${machine}`)
  const results = []
  for (const name of wanted) {
    const part = parts[name]
    if (part === undefined) continue
    const result = await part()
    results.push({ name, ...result })
    if (!values.json) print(result)
  }
  if (values.json) console.log(JSON.stringify(results, null, 2))
} finally {
  await killAllProcesses()
}

/** @param {{ title: string, columns: string[], rows: (string | number)[][] }} result */
function print({ title, columns, rows }) {
  const widths = columns.map((column, at) =>
    Math.max(column.length, ...rows.map((row) => String(row[at] ?? '').length)),
  )
  const line = (/** @type {(string | number)[]} */ cells) =>
    `| ${cells.map((cell, at) => (at === 0 ? String(cell).padEnd(widths[at] ?? 0) : String(cell).padStart(widths[at] ?? 0))).join(' | ')} |`
  console.log(`\n## ${title}\n`)
  console.log(line(columns))
  console.log(`| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`)
  for (const row of rows) console.log(line(row))
}
