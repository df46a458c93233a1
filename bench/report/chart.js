// @ts-check
import { rounded } from '../measure/numbers.js'
import { goodputSeries } from './series.js'

const size = { width: 760, height: 430 }
const frame = { left: 52, right: 560, top: 74, bottom: 376 }
/**
 * Mbit/s at the two ends of the axis. It is logarithmic: programs differ by factors of hundreds, and on a linear one
 * most of them would lie on the ground at the first loss.
 */
const axis = { least: 1, most: 600, ticks: [1, 10, 100, 500] }
const labelHeight = 17

const style = `
  text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: var(--ink) }
  .title { font-size: 16px; font-weight: 600 }
  .quiet { fill: var(--quiet) }
  .paper { fill: var(--paper) }
  .grid { stroke: var(--grid); stroke-width: 1 }
  .capacity { stroke: var(--quiet); stroke-width: 1; stroke-dasharray: 2 3 }
  .curve { fill: none; stroke: var(--tone); stroke-width: 2; stroke-linejoin: round }
  .dot { fill: var(--tone) }
  .leader { stroke: var(--tone); stroke-width: 1; opacity: .5 }
  .label { fill: var(--tone) }
  .ours { --tone: var(--blue) } .ours .curve { stroke-width: 3.5 } .ours .label { font-weight: 600 }
  .refused .curve { stroke-width: 2.5; stroke-dasharray: 7 4 }
  .rsync { --tone: var(--orange) } .scp { --tone: var(--green) } .rclone { --tone: var(--violet) }
  .limit { --tone: var(--quiet) } .limit .curve { stroke-width: 1.25 }
  svg { --paper: #ffffff; --ink: #1f2328; --quiet: #6b7280; --grid: #e5e7eb;
    --blue: #1d5fd1; --orange: #b45309; --green: #15803d; --violet: #7e22ce }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #0d1117; --ink: #e6edf3; --quiet: #9aa4b0; --grid: #2b323b;
      --blue: #6cb0ff; --orange: #f0a04b; --green: #58c46c; --violet: #c99bff }
  }`

/**
 * The chart of goodput against loss, as SVG. It has a background of its own in light and in dark, so that it can be
 * read wherever it is shown.
 * @param {import('./series.js').WanResults} results
 */
export function goodputChart(results) {
  const { losses, line, sizes, rounds } = results
  const series = goodputSeries(results)
  const capacity = Math.round((line.rate * (1500 - 52)) / 1500)
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
<text class="quiet" x="${frame.left + 4}" y="${y(capacity) - 6}">all that file data can have: ${capacity}</text>
<text class="quiet" x="16" y="${frame.top - 8}">Mbit/s</text>
${losses.map((loss, at) => `<text class="quiet" text-anchor="middle" x="${x(at, losses)}" y="${frame.bottom + 24}">loss ${loss} %</text>`).join('\n')}
${labelled(series, losses)
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
    one.at = Math.min(one.at, (reversed[index - 1]?.at ?? frame.bottom + 30) - labelHeight)
  })
  return placed
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
