import type { Command } from 'commander'
import { printableJson } from './printable.js'
import { type Column, renderTable } from './table.js'

export interface ListFlags {
  readonly json?: boolean
}

export function withJson(command: Command): Command {
  return command.option('--json', 'print JSON instead of a table')
}

/** Prints a list: JSON for programs, a table for people. */
export function printList<T>(items: readonly T[], columns: readonly Column<T>[], flags: ListFlags): void {
  if (flags.json === true) printJson(items)
  else process.stdout.write(items.length === 0 ? 'Nothing found.\n' : `${renderTable(items, columns)}\n`)
}

export function printJson(value: unknown): void {
  process.stdout.write(`${printableJson(JSON.stringify(value, wireDates, 2))}\n`)
}

/** Dates as the protocol has them, so that what is printed can be sent. */
function wireDates(_key: string, value: unknown): unknown {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)
    ? value.slice(0, 19)
    : value
}
