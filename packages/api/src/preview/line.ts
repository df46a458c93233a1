import * as v from 'valibot'
import { type PreviewTotals, previewTotals } from './totals.js'

/**
 * What a dry run says of a file or directory. `new`, `changed`: it would be sent; `unchanged`: what is there will do;
 * `deleted`: it would go, as the source lacks it; `skipped`: it is left out, as it should be; `failed`: it could not
 * be sent, or not be looked at.
 */
export const previewActions = ['new', 'changed', 'unchanged', 'deleted', 'skipped', 'failed'] as const
export type PreviewAction = (typeof previewActions)[number]

/** Why a file would be sent again: `kind` where something else than a file is there, `always` by the setting. */
export const previewReasons = ['size', 'time', 'contents', 'kind', 'always'] as const
export type PreviewReason = (typeof previewReasons)[number]

/** One thing that a dry run found, as agents write it down: a line of JSON each. */
export interface PreviewItem {
  /** The task's index within its job. */
  readonly task: number
  readonly action: PreviewAction
  /** Beneath the task, `/` between names, one at the end of a directory's; empty for the task's own file. */
  readonly path: string
  /** Bytes, of the file that would be sent or deleted. */
  readonly size: number
  /** A `PreviewReason`, or the code of what is left out or fails. */
  readonly why: string
  readonly message: string
}

/** The last line of each task: what was found of each kind, also what is not listed. */
export interface PreviewSum {
  readonly task: number
  readonly totals: PreviewTotals
}

export type PreviewLine = PreviewItem | PreviewSum

/** The line, with its end. */
export function printPreviewLine(line: PreviewLine): string {
  if ('totals' in line) return `${JSON.stringify([line.task, line.totals])}\n`
  const { task, action, path, size, why, message } = line
  return `${JSON.stringify([task, action, path, size, why, message])}\n`
}

const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER))
const text = v.pipe(v.string(), v.maxLength(10_000))
const row = v.union([
  v.strictTuple([count, v.picklist(previewActions), text, count, text, text]),
  v.strictTuple([count, previewTotals]),
])

/** Reads one line, without its end; undefined when it is none. */
export function parsePreviewLine(line: string): PreviewLine | undefined {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    return undefined
  }
  const parsed = v.safeParse(row, json)
  if (!parsed.success) return undefined
  if (parsed.output.length === 2) return { task: parsed.output[0], totals: parsed.output[1] }
  const [task, action, path, size, why, message] = parsed.output
  return { task, action, path, size, why, message }
}
