// @ts-check

/** @typedef {Record<string, unknown>} Json */

/**
 * Earlier results with those of a later run that measured a part again. Rows of the same case, program and loss give
 * way; those that stay say of which run they are.
 * @param {Json} before
 * @param {Json} after
 */
export function merged(before, after) {
  const rows = rowsOf(after)
  const measured = new Set(rows.map(key))
  const { date, versions } = before
  const kept = rowsOf(before)
    .filter((row) => !measured.has(key(row)))
    .map((row) => ({ ...row, run: row.run ?? { date, versions } }))
  const losses = [...new Set([before, after].flatMap(({ losses }) => (Array.isArray(losses) ? losses : [])))]
  return { ...after, losses: losses.sort((a, b) => a - b), rows: [...kept, ...rows] }
}

/** @param {Json} results @returns {Json[]} */
function rowsOf({ rows }) {
  if (!Array.isArray(rows)) throw new Error('Results of this kind cannot be merged')
  return rows
}

function key(/** @type {Json} */ row) {
  return JSON.stringify([row.case, row.program, row.loss])
}
