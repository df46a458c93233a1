// @ts-check
import { readFileSync } from 'node:fs'

/**
 * @typedef {object} Sample
 * @property {number} at milliseconds
 * @property {number} bytes received so far
 */

/** What a host received over the line, headers and all, counted by its kernel. */
export class LineCounter {
  /** @type {Sample[]} */
  samples = []
  /** @type {NodeJS.Timeout | undefined} */
  #timer
  #path

  /** @param {number} pid of a process on that host */
  constructor(pid) {
    this.#path = `/proc/${pid}/net/dev`
  }

  /** Bytes received since the host is up. */
  read() {
    let sum = 0
    for (const line of readFileSync(this.#path, 'utf8').split('\n').slice(2)) {
      const [device = '', numbers] = line.split(':')
      if (numbers !== undefined && device.trim() !== 'lo') sum += Number(numbers.trim().split(/\s+/)[0])
    }
    return sum
  }

  /** Takes samples until it is stopped. */
  start() {
    this.samples = []
    const sample = () => this.samples.push({ at: performance.now(), bytes: this.read() })
    sample()
    this.#timer = setInterval(sample, 20)
  }

  stop() {
    clearInterval(this.#timer)
    return this.samples
  }
}

/** Milliseconds over which a speed is taken: half of what is to be told apart is plenty. */
const windowMs = 500
/** What connections are made with, and what agents say to the control plane, is less. */
const firstBytes = 100_000

/**
 * How long it took from the first data until the line was used at its full speed, which is 90 % of what half of
 * the windows of the run reached.
 * @param {Sample[]} samples
 * @returns {{ seconds: number, fullMbit: number } | undefined} undefined when too little was seen
 */
export function timeToFullSpeed(samples) {
  const [zero] = samples
  const begin = samples.findIndex((one) => one.bytes - (zero?.bytes ?? 0) >= firstBytes)
  const first = samples[Math.max(0, begin - 1)]
  if (zero === undefined || first === undefined || begin < 0) return undefined
  // The end of the file is not slow because the line is: what came last does not count.
  const all = (samples.at(-1)?.bytes ?? 0) - first.bytes
  const during = samples.slice(begin).filter((one) => one.bytes - first.bytes < 0.98 * all)
  const windows = during.flatMap((end, at) => {
    const start = during.slice(0, at).findLast((one) => one.at <= end.at - windowMs)
    if (start === undefined) return []
    return [{ start: start.at, mbit: ((end.bytes - start.bytes) * 8) / 1000 / (end.at - start.at) }]
  })
  const sorted = windows.map(({ mbit }) => mbit).sort((a, b) => a - b)
  const middle = sorted[Math.floor(sorted.length / 2)]
  if (middle === undefined) return undefined
  const reached = windows.find(({ mbit }) => mbit >= 0.9 * middle)
  return { seconds: ((reached?.start ?? first.at) - first.at) / 1000, fullMbit: middle }
}
