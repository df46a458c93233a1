// @ts-check

/**
 * A table as it is printed and as it stands in documents.
 * @typedef {object} Table
 * @property {string} title
 * @property {string[]} columns
 * @property {(string | number)[][]} rows
 */

/** Markdown, with columns that line up. */
export function tableText(/** @type {Table} */ { title, columns, rows }) {
  const widths = columns.map((column, at) =>
    Math.max(column.length, ...rows.map((row) => String(row[at] ?? '').length)),
  )
  const line = (/** @type {(string | number)[]} */ cells) => {
    const padded = widths.map((width, at) =>
      at === 0 ? String(cells[at] ?? '').padEnd(width) : String(cells[at] ?? '').padStart(width),
    )
    return `| ${padded.join(' | ')} |`
  }
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return `\n## ${title}\n\n${[line(columns), rule, ...rows.map(line)].join('\n')}\n`
}
