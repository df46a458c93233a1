// @ts-check
import { rounded } from '../measure/numbers.js'
import { goodputSeries } from './series.js'

const size = { width: 760, height: 430 }
const frame = { left: 52, right: 560, top: 70, bottom: 376 }
/**
 * Mbit/s at the two ends of the axis. It is logarithmic: programs differ by factors of hundreds, and on a linear one
 * most of them would lie on the ground at the first loss.
 */
const axis = { least: 1, most: 600, ticks: [1, 10, 100] }
const labelHeight = 17

/** What is drawn, in light and in dark. No variables of CSS: not every program that shows SVG knows them. */
const colours = {
  paper: ['#ffffff', '#0d1117'],
  ink: ['#1f2328', '#e6edf3'],
  quiet: ['#6b7280', '#9aa4b0'],
  grid: ['#e5e7eb', '#2b323b'],
  ours: ['#1d5fd1', '#6cb0ff'],
  rsync: ['#b45309', '#f0a04b'],
  scp: ['#15803d', '#58c46c'],
  rclone: ['#7e22ce', '#c99bff'],
  limit: ['#6b7280', '#9aa4b0'],
}

const style = `
text { font: 13px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif }
.title { font-size: 16px; font-weight: 600 }
.grid { stroke-width: 1 }
.capacity { stroke-width: 1; stroke-dasharray: 2 3 }
.curve { fill: none; stroke-width: 2; stroke-linejoin: round }
.leader { stroke-width: 1; opacity: .5 }
.ours .curve { stroke-width: 3.5 }
.ours .label { font-weight: 600 }
.refused .curve { stroke-width: 2.5; stroke-dasharray: 7 4 }
.limit .curve { stroke-width: 1.25 }
${coloured(0)}
@media (prefers-color-scheme: dark) {
${coloured(1)}
}`

function coloured(/** @type {0 | 1} */ theme) {
  const { paper, ink, quiet, grid, ...programs } = colours
  return [
    `.paper { fill: ${paper[theme]} }`,
    `.title { fill: ${ink[theme]} }`,
    `.quiet { fill: ${quiet[theme]} }`,
    `.grid { stroke: ${grid[theme]} }`,
    `.capacity { stroke: ${quiet[theme]} }`,
    ...Object.entries(programs).map(
      ([name, { [theme]: colour }]) =>
        `.${name} .curve, .${name} .leader { stroke: ${colour} } .${name} .dot, .${name} .label { fill: ${colour} }`,
    ),
  ].join('\n')
}

/**
 * The chart of goodput against loss, as SVG. It has a background of its own in light and in dark, so that it can be
 * read wherever it is shown.
 * @param {import('./series.js').WanResults} results
 */
export function goodputChart(results) {
  const { losses, line, sizes, rounds } = results
  const series = goodputSeries(results)
  const capacity = Math.floor((line.rate * (1500 - 52)) / 1500)
  const about =
    `One file of ${sizes.file / 1e9} GB, ${2 * line.delay} ms round trip, ${line.rate} Mbit/s, hosts with cubic; ` +
    `median of ${rounds}`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" height="${size.height}" role="img" aria-labelledby="title about">
<style>${style}
</style>
<rect class="paper" width="${size.width}" height="${size.height}" rx="8"/>
<text class="title" id="title" x="16" y="28">Goodput against loss</text>
<text class="quiet" id="about" x="16" y="48">${about}</text>
${axis.ticks.map((value) => tick(value)).join('\n')}
<line class="capacity" x1="${frame.left}" x2="${frame.right}" y1="${y(capacity)}" y2="${y(capacity)}"/>
<text class="quiet" text-anchor="end" x="${frame.left - 8}" y="${y(capacity) + 4}">${capacity}</text>
<text class="quiet" x="${frame.left + 4}" y="${y(capacity) - 7}">Mbit/s; the dotted line is all that file data can have</text>
${losses.map((loss, at) => `<text class="quiet" text-anchor="middle" x="${x(at, losses)}" y="${frame.bottom + 24}">loss ${loss} %</text>`).join('\n')}
${labelled(series, losses)
  .sort((a, b) => depth(a) - depth(b))
  .map((one) => curve(one, losses))
  .join('\n')}
</svg>
`
}

/** Losses stand side by side as names do: zero has no place on a logarithmic axis. */
function x(/** @type {number} */ at, /** @type {readonly number[]} */ losses) {
  const inset = 40
  const width = frame.right - frame.left - inset - 12
  return round(frame.left + inset + (losses.length < 2 ? width / 2 : (width * at) / (losses.length - 1)))
}

function y(/** @type {number} */ mbit) {
  const part = Math.log(Math.max(axis.least, mbit) / axis.least) / Math.log(axis.most / axis.least)
  return round(frame.bottom - part * (frame.bottom - frame.top))
}

function tick(/** @type {number} */ value) {
  const at = y(value)
  return `<line class="grid" x1="${frame.left}" x2="${frame.right}" y1="${at}" y2="${at}"/>
<text class="quiet" text-anchor="end" x="${frame.left - 8}" y="${at + 4}">${value}</text>`
}

/**
 * Where each label goes: beside the end of its line, moved as little as it takes to keep them apart.
 * @param {readonly import('./series.js').Series[]} series
 * @param {readonly number[]} losses
 */
function labelled(series, losses) {
  const placed = series
    .map((one) => {
      const at = one.values.findLastIndex((value) => value !== undefined)
      const end = one.values[at] ?? 0
      return { ...one, end, from: { x: x(at, losses), y: y(end) }, label: one.label, at: y(end) }
    })
    .sort((a, b) => a.at - b.at)
  placed.forEach((one, index) => {
    one.at = Math.max(one.at, (placed[index - 1]?.at ?? 0) + labelHeight)
  })
  placed.toReversed().forEach((one, index, reversed) => {
    one.at = Math.min(one.at, (reversed[index - 1]?.at ?? frame.bottom + 22) - labelHeight)
  })
  return placed
}

/** What lies above what: the limits below all, ours on top. */
function depth(/** @type {{ kind: string }} */ { kind }) {
  return kind === 'limit' ? 0 : kind.startsWith('ours') ? 2 : 1
}

/** @param {ReturnType<typeof labelled>[number]} series @param {readonly number[]} losses */
function curve({ kind, label, values, end, from, at }, losses) {
  const points = values.flatMap((value, index) =>
    value === undefined ? [] : [{ x: x(index, losses), y: y(value) }],
  )
  const words = `${label}  ${end < axis.least ? `below ${axis.least}` : rounded(end)}`
  return `<g class="${kind}"><polyline class="curve" points="${points.map((point) => `${point.x},${point.y}`).join(' ')}"/>
${points.map((point) => `<circle class="dot" cx="${point.x}" cy="${point.y}" r="${kind === 'limit' ? 2.5 : 4}"/>`).join('')}
<line class="leader" x1="${from.x + 6}" y1="${from.y}" x2="${frame.right + 16}" y2="${round(at)}"/>
<text class="label" x="${frame.right + 20}" y="${round(at + 4)}" xml:space="preserve">${words}</text></g>`
}

function round(/** @type {number} */ value) {
  return Math.round(value * 10) / 10
}
