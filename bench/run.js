// @ts-check
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { killAllProcesses } from '@waybill/testkit'
import { circumstances } from './measure/machine.js'
import { parts } from './parts/index.js'
import { goodputChart } from './report/chart.js'
import { merged } from './report/merge.js'
import { withFigures } from './report/readme.js'
import { tableText } from './report/table.js'

/**
 * @typedef {object} Options
 * @property {number} rounds
 * @property {boolean} quick small loads, to try the benchmark
 * @property {boolean} full the largest loads
 * @property {readonly string[]} only cases of a part; all when empty
 * @property {readonly string[]} programs of wan: waybill, rsync, scp, rclone
 * @property {readonly number[]} losses per cent
 * @property {Record<string, string>} settings of all transfers
 */

const usage = `npm run bench -- [NAME]... [OPTION]...

${Object.entries(parts)
  .map(([name, { says }]) => `  ${name.padEnd(10)} ${says}`)
  .join('\n')}
  chart      draws bench/results/goodput-against-loss.svg from bench/results/wan.json and puts
             the figures into README.md; with --json, draws FILE.svg only

  --rounds N         how often each program has its turn (3)
  --only A,B         some cases of wan and resume only
  --programs A,B     some programs of wan only: waybill, rsync, scp, rclone
  --losses 0,0.1,1   losses of wan, per cent
  --merge            keeps what the file of results has and this run did not measure
  --setting A=B      a setting of all transfers; may be repeated
  --quick            small loads, to try the benchmark; keeps no results
  --full             memory: a million files
  --json FILE        where the results go (bench/results/NAME.json)
`

const results = fileURLToPath(new URL('results/', import.meta.url))
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    programs: { type: 'string', default: 'waybill,rsync,scp,rclone' },
    losses: { type: 'string', default: '0,0.1,1' },
    merge: { type: 'boolean', default: false },
    setting: { type: 'string', multiple: true, default: [] },
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

/** @type {Options} */
const options = {
  rounds: Number(values.rounds),
  quick: values.quick,
  full: values.full,
  only: values.only.split(',').filter((name) => name !== ''),
  programs: values.programs.split(','),
  losses: values.losses.split(',').map(Number),
  settings: Object.fromEntries(values.setting.map((text) => text.split(/=(.*)/s).slice(0, 2))),
}
const wanted = positionals.length > 0 ? positionals : ['large', 'small', 'memory', 'latency', 'api']
const known = [...Object.keys(parts), 'chart']
if (values.help || !(options.rounds >= 1) || wanted.some((name) => !known.includes(name))) {
  process.stderr.write(usage)
  process.exit(values.help ? 0 : 2)
}

// So that what is done at the end is done then, too.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))
try {
  for (const name of wanted) await runPart(name)
} finally {
  await killAllProcesses()
}

async function runPart(/** @type {string} */ name) {
  if (name === 'chart') return drawChart()
  const part = parts[name]
  if (part === undefined) return
  const about = circumstances()
  const reason = part.impossible?.()
  if (reason !== undefined) throw new Error(`${name} cannot be measured here: ${reason}`)
  process.stderr.write(`${name}: ${JSON.stringify(about)}\n`)
  const { tables, ...result } = await part.run(options)
  for (const table of tables) process.stdout.write(tableText(table))
  const { rounds, losses } = options
  keepResults(name, { name, ...about, rounds, losses, ...result })
}

function keepResults(/** @type {string} */ name, /** @type {Record<string, unknown>} */ measured) {
  // What is but a part must not take the place of the whole unless it is to be put into it.
  const partial =
    options.quick || (!values.merge && (options.only.length > 0 || values.programs.split(',').length < 4))
  const path = values.json ?? (partial ? undefined : `${results}${name}.json`)
  if (path === undefined) return
  mkdirSync(dirname(path), { recursive: true })
  const whole =
    values.merge && existsSync(path) ? merged(JSON.parse(readFileSync(path, 'utf8')), measured) : measured
  writeFileSync(path, `${JSON.stringify(whole, null, 2)}\n`)
  process.stderr.write(`Written to ${path}\n`)
}

function drawChart() {
  const wan = JSON.parse(readFileSync(values.json ?? `${results}wan.json`, 'utf8'))
  writeFileSync(
    values.json === undefined ? `${results}goodput-against-loss.svg` : `${values.json}.svg`,
    goodputChart(wan),
  )
  if (values.json !== undefined) return
  const readme = fileURLToPath(new URL('../README.md', import.meta.url))
  writeFileSync(readme, withFigures(readFileSync(readme, 'utf8'), wan))
}
