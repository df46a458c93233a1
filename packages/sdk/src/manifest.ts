import { type ManifestState, WaybillError } from '@waybill/api'
import type { Connection } from './wire/connection.js'
import { isJson } from './wire/values.js'

/** A file that a job brought to its destination, or found there. */
export interface ManifestFile {
  /** Id of the task that it belongs to. */
  readonly task: string
  /** From the directory that the task's destination lies in, `/` between names; what is no UTF-8 is replaced. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** Its time in UTC with all nanoseconds, as in `2026-01-31T08:00:00.123456789Z`. */
  readonly modified: string
  /**
   * `transferred`: the checksum was made of what was written; `read`: it was there already, and was read; `present`:
   * it was there already, and nobody looked into it.
   */
  readonly state: ManifestState
  /** xxh128 of its contents in hexadecimal digits, as `xxhsum -H2` prints it; none for what was not read. */
  readonly checksum: string | null
  /** The path's bytes in base64, where text does not say them. */
  readonly bytes?: string
}

/**
 * The files of a job, some thousand at a time, so that a million of them can be gone through.
 *
 * @throws WaybillError as every call
 */
export async function* readManifest(
  connection: Connection,
  job: string,
): AsyncGenerator<readonly ManifestFile[], void, void> {
  for (let after: string | undefined; ; ) {
    const data = after === undefined ? {} : { after }
    const { result } = await connection.event('GET', 'transfer/manifest', { id: job, data })
    if (!isJson(result) || !Array.isArray(result.files)) throw noAnswer()
    yield result.files.map(readFile)
    if (typeof result.next !== 'string') return
    after = result.next
  }
}

function readFile(value: unknown): ManifestFile {
  if (!isJson(value)) throw noAnswer()
  // A name in the shape of a date was taken for one on the way here; its bytes are there then.
  const { path, bytes } = value
  const name = path instanceof Date && typeof bytes === 'string' ? decode(bytes) : path
  return { ...value, path: name } as unknown as ManifestFile // what the protocol promises of each
}

function decode(base64: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)))
}

function noAnswer(): WaybillError {
  return new WaybillError('internal', 'The server did not answer with a manifest.')
}
