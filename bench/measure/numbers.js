// @ts-check

/** The middle, the least and the most of some numbers. */
export function spread(/** @type {readonly number[]} */ numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const at = (/** @type {number} */ part) =>
    sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0
  return { median: at(0.5), least: at(0), most: at(1), p95: at(0.95) }
}

/** Mbit/s of file data. */
export function megabits(/** @type {number} */ bytes, /** @type {number} */ seconds) {
  return (bytes * 8) / 1e6 / seconds
}

/** With as many digits as say something. */
export function rounded(/** @type {number} */ value) {
  return Number(value.toPrecision(value >= 100 ? Math.ceil(Math.log10(value + 1)) : 2))
}
