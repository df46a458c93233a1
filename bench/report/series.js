// @ts-check
import { spread } from '../measure/numbers.js'

/** @typedef {import('../parts/wan/wan.js').WanRow} WanRow */

/**
 * What `bench/results/wan.json` holds, as far as the report needs it.
 * @typedef {object} WanResults
 * @property {string} date
 * @property {{ processor: string, cores: number, kernel: string }} machine
 * @property {Record<string, string>} versions
 * @property {number} rounds
 * @property {number[]} losses
 * @property {{ delay: number, rate: number, queue: number }} line
 * @property {{ file: number, single: number, limit: number, tree: { files: number, size: number },
 *   small: { files: number, size: number } }} sizes
 * @property {WanRow[]} rows
 */

/**
 * One line of the chart.
 * @typedef {object} Series
 * @property {string} label
 * @property {string} kind a class of the chart's style
 * @property {(number | undefined)[]} values Mbit/s, one for each loss
 */

/** Programs in the order of the story; what was not measured is left out. */
const drawn = [
  { case: 'file', program: 'Waybill', label: 'Waybill', kind: 'ours' },
  { case: 'refused', program: 'Waybill, BBR refused', label: 'Waybill, BBR refused', kind: 'ours refused' },
  { case: 'file', program: 'rsync to a daemon', label: 'rsync', kind: 'rsync' },
  { case: 'file', program: 'scp', label: 'scp', kind: 'scp' },
  { case: 'file', program: 'rclone over sftp, tuned', label: 'rclone sftp', kind: 'rclone' },
  { case: 'iperf3', program: 'iperf3, 32 connections', label: 'iperf3 × 32', kind: 'limit' },
  { case: 'iperf3', program: 'iperf3, 16 connections', label: 'iperf3 × 16', kind: 'limit' },
  { case: 'iperf3', program: 'iperf3, 1 connection', label: 'iperf3 × 1', kind: 'limit' },
]

/** @param {WanResults} results @returns {Series[]} */
export function goodputSeries({ rows, losses }) {
  return drawn
    .map(({ label, kind, ...which }) => ({
      label,
      kind,
      values: losses.map((loss) => medianOf(rows, { ...which, loss })),
    }))
    .filter(({ values }) => values.some((value) => value !== undefined))
}

/**
 * @param {readonly WanRow[]} rows
 * @param {{ case: string, program: string, loss: number }} which
 */
export function medianOf(rows, which) {
  const row = rows.find(
    (one) => one.case === which.case && one.program === which.program && one.loss === which.loss,
  )
  return row === undefined ? undefined : spread(row.mbit).median
}
