import Table from 'cli-table3'
import { printable } from './printable.js'
import { formatMoment } from './units.js'

export interface Column<T> {
  readonly head: string
  readonly value: (item: T) => unknown
  /** Numbers stand at the right. */
  readonly right?: true
}

const longestCell = 60

/** A table without frames: easy to read, to copy and to cut. */
export function renderTable<T>(items: readonly T[], columns: readonly Column<T>[]): string {
  const table = new Table({
    head: columns.map(({ head }) => head),
    colAligns: columns.map(({ right }) => (right === true ? 'right' : 'left')),
    chars: frameless,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2, compact: true },
  })
  for (const item of items) table.push(columns.map(({ value }) => cell(value(item))))
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

function cell(value: unknown): string {
  const shown = Array.from(printable(textOf(value)))
  return shown.length > longestCell ? `${shown.slice(0, longestCell - 1).join('')}…` : shown.join('')
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return value
  return value instanceof Date ? formatMoment(value) : JSON.stringify(value)
}

const frameless = Object.fromEntries(
  ['top', 'bottom', 'left', 'right']
    .flatMap((side) => [
      side,
      `${side}-mid`,
      ...(side === 'top' || side === 'bottom' ? [`${side}-left`, `${side}-right`] : []),
    ])
    .concat('mid', 'mid-mid', 'middle')
    .map((part) => [part, '']),
)
