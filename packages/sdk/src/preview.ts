import { formatDate, type PreviewAction, type PreviewTotals, WaybillError } from '@waybill/api'
import type { Connection } from './wire/connection.js'
import { isJson } from './wire/values.js'

/** What a dry run found. */
export interface PreviewEntry {
  /** Id of the task that it belongs to. */
  readonly task: string
  readonly action: PreviewAction
  /** Beneath the task, `/` between names and at the end of a directory's; empty for the task's own file. */
  readonly path: string
  /** Bytes, of what would be sent or deleted. */
  readonly size: number
  /** Of what changed: `size`, `time`, `contents`, `kind` or `always`; of what is left out or fails, the code. */
  readonly why: string
  readonly message: string
}

export interface PreviewPage {
  readonly entries: readonly PreviewEntry[]
  /** Files, directories and bytes by action, of the tasks that end on this page. */
  readonly totals: PreviewTotals | null
}

/**
 * What a dry run found, some thousand entries at a time, so that a million of them can be gone through.
 *
 * @throws WaybillError as every call; `bad_request` for a job that is no dry run
 */
export async function* readPreview(
  connection: Connection,
  job: string,
): AsyncGenerator<PreviewPage, void, void> {
  for (let after: string | undefined; ; ) {
    const data = after === undefined ? {} : { after }
    const { result } = await connection.event('GET', 'transfer/preview', { id: job, data })
    if (!isJson(result) || !Array.isArray(result.entries)) throw noAnswer()
    const totals = result.totals as PreviewTotals | null // what the protocol promises
    yield { entries: result.entries.map(readEntry), totals }
    if (typeof result.next !== 'string') return
    after = result.next
  }
}

function readEntry(value: unknown): PreviewEntry {
  if (!isJson(value)) throw noAnswer()
  // A name in the shape of a date was taken for one on the way here.
  const path = value.path instanceof Date ? formatDate(value.path.getTime()) : value.path
  return { ...value, path } as unknown as PreviewEntry // what the protocol promises of each
}

function noAnswer(): WaybillError {
  return new WaybillError('internal', 'The server did not answer with what a dry run found.')
}
