// @ts-check
import { rounded } from '../measure/numbers.js'
import { goodputSeries, medianOf } from './series.js'
import { tableText } from './table.js'

const [opening, closing] = ['<!-- bench: wan -->', '<!-- /bench -->']

/**
 * Puts the figures into the README, between the two marks that say where.
 * @param {string} readme
 * @param {import('./series.js').WanResults} results
 */
export function withFigures(readme, results) {
  const [begin, end] = [readme.indexOf(opening), readme.indexOf(closing)]
  if (begin < 0 || end < begin) throw new Error(`The README lacks ${opening} or ${closing}`)
  return `${readme.slice(0, begin + opening.length)}\n\n${figures(results)}\n${readme.slice(end)}`
}

/** @param {import('./series.js').WanResults} results */
function figures({ date, machine, versions, line, sizes, rounds, rows, losses }) {
  const number = (/** @type {number | undefined} */ value) => (value === undefined ? '' : rounded(value))
  const table = tableText({
    title: '',
    columns: ['Mbit/s of file data', ...losses.map((loss) => `loss ${loss} %`)],
    rows: [
      ...goodputSeries({ date, machine, versions, line, sizes, rounds, rows, losses }).map(
        ({ label, values }) => [label, ...values.map(number)],
      ),
      ...commandRows(rows, losses, sizes).map(([label, ...values]) => [
        String(label),
        ...values.map((value) => number(Number(value))),
      ]),
    ],
  })
  const text = `A line with ${2 * line.delay} ms round trip, ${line.rate} Mbit/s and a queue of ${line.queue} ms, emulated between
two network namespaces of one machine (${machine.cores} cores of ${machine.processor}, ${machine.kernel}); both hosts use cubic.
One file of ${sizes.file / 1e9} GB, for Waybill from \`running\` to \`done\`; ${rounds === 1 ? 'one run each' : `medians of ${rounds} runs`} by turns, data never seen
before, each copy compared by checksum. Peers had ${sizes.limit} s each and are judged by what had arrived by then; iperf3 sends
from memory and is the limit for that many TCP connections. Lost packets are random here; a line that drops them in
bursts, or a machine that does other work too, gives other figures. ${date.slice(0, 10)}, Waybill ${versions.waybill},
Node ${String(versions.node).slice(1)}. [How it is measured](bench/README.md).`
  const chart = '![Goodput of Waybill and others against loss](bench/results/goodput-against-loss.svg)'
  return `${chart}\n\n${table.replace(/^\n## \n\n/, '')}\n${wrapped(text)}\n`
}

/** In lines as the README has them. */
function wrapped(/** @type {string} */ text) {
  return text
    .replaceAll('\n', ' ')
    .replaceAll(/(.{1,112})(?: |$)/g, '$1\n')
    .trimEnd()
}

/**
 * @param {readonly import('./series.js').WanRow[]} rows
 * @param {readonly number[]} losses
 * @param {import('./series.js').WanResults['sizes']} sizes
 */
function commandRows(rows, losses, sizes) {
  const { tree, single } = sizes
  const described = [
    {
      case: 'command',
      program: 'waybill transfer',
      label: `\`waybill transfer\`, all included, ${single / 1e6} MB`,
    },
    {
      case: 'tree',
      program: 'waybill transfer',
      label: `\`waybill transfer\`, ${tree.files} files of ${tree.size / 1000} kB`,
    },
    {
      case: 'tree',
      program: 'rsync to a daemon',
      label: `rsync, ${tree.files} files of ${tree.size / 1000} kB`,
    },
  ]
  return described
    .map(({ label, ...which }) => [label, ...losses.map((loss) => medianOf(rows, { ...which, loss }))])
    .filter(([, ...values]) => values.some((value) => value !== undefined))
}
