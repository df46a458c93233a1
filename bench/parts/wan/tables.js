// @ts-check
import { rounded, spread } from '../../measure/numbers.js'

/** @typedef {import('./wan.js').WanRow} WanRow */

/** @type {Record<string, string>} */
const titles = {
  iperf3: 'The limit: TCP of the kernel with nothing to read or write',
  file: 'One file, from running to done',
  refused: 'One file where the kernel refuses BBR',
  command: 'waybill transfer of one file, everything included',
  tree: 'waybill transfer of a tree of files, everything included',
  small: 'Many small files, everything included',
  neighbour: 'A good neighbour',
}

/** @param {readonly WanRow[]} rows @param {readonly number[]} losses */
export function wanTables(rows, losses) {
  return Object.entries(titles).flatMap(([name, title]) => {
    const inCase = rows.filter((row) => row.case === name)
    if (inCase.length === 0) return []
    const programs = [...new Set(inCase.map(({ program }) => program))]
    const ours = programs.find((program) => /waybill/i.test(program))
    const find = (/** @type {string | undefined} */ program, /** @type {number} */ loss) =>
      inCase.find((row) => row.program === program && row.loss === loss)
    const table = {
      title: `${title}: Waybill's goodput as a multiple, and Mbit/s`,
      columns: ['', ...losses.map((loss) => `loss ${loss} %`)],
      rows: programs.map((program) => [
        program,
        ...losses.map((loss) => cell(find(program, loss), find(ours, loss))),
      ]),
    }
    const fast = fullSpeedTable(inCase)
    return fast === undefined ? [table] : [table, fast]
  })
}

/** @param {WanRow | undefined} row @param {WanRow | undefined} ours */
function cell(row, ours) {
  if (row === undefined) return ''
  const mbit = spread(row.mbit).median
  const part = row.complete ? '' : ' *'
  if (ours === undefined || ours === row || mbit === 0) return `${rounded(mbit)}${part}`
  return `x${rounded(spread(ours.mbit).median / mbit)}  ${rounded(mbit)}${part}`
}

/** @param {readonly WanRow[]} rows */
function fullSpeedTable(rows) {
  const measured = rows.filter(({ extra }) => extra?.toFullSpeed !== undefined)
  if (measured.length === 0) return undefined
  return {
    title: 'Seconds from the first data to full speed, what the line carries then, and what it costs',
    columns: ['', 'loss %', 's', 'at most', 'Mbit/s on the line', 'processor s per GB, sender', 'receiver'],
    rows: measured.map(({ program, loss, mbit, extra = {} }) => {
      const of = (/** @type {string} */ key) => spread(extra[key] ?? [])
      const gigabytes = (of('seconds').median * spread(mbit).median) / 8000
      return [
        program,
        loss,
        of('toFullSpeed').median.toFixed(2),
        of('toFullSpeed').most.toFixed(2),
        rounded(of('lineMbit').median),
        ...['sender', 'receiver'].map((key) => (of(key).median / gigabytes).toFixed(2)),
      ]
    }),
  }
}
