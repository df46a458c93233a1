// @ts-check
export function drawChart(/** @type {string} */ from, /** @type {string} */ to) {
  throw new Error(`${from} ${to}`)
}
