import { type ManifestLine, parseManifestLine, printNanoseconds } from '@waybill/api'
import type { Json } from '../../entities/engine/present.js'
import type { WorkspaceStore } from '../../store/store.js'
import { readPieces } from './pieces.js'

export interface ManifestPage {
  readonly files: readonly Json[]
  /** Where the next page begins; null after the last. */
  readonly next: string | null
}

/** A page of the files that a job brought to its destination, or found there, in the order in which they were told. */
export async function readManifest(
  store: WorkspaceStore,
  job: string,
  after: string | undefined,
): Promise<ManifestPage> {
  const { lines, next } = await readPieces(store, job, after, parseManifestLine)
  return { files: lines.map(({ line, task }) => fileOf(line, task)), next }
}

/** Clients take text of this shape for a date, also where it is a name. */
const dateLike = /^\d{4}-\d\d-\d\dT/

function fileOf(line: ManifestLine, task: string): Json {
  const { path, size, mtime, state, checksum } = line
  const bytes = line.bytes ?? (dateLike.test(path) ? Buffer.from(path).toString('base64') : undefined)
  const file = { task, path, size, modified: printNanoseconds(BigInt(mtime)), state, checksum }
  return bytes === undefined ? file : { ...file, bytes }
}
