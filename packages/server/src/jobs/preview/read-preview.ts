import { addTotals, noTotals, type PreviewTotals, parsePreviewLine } from '@waybill/api'
import type { Json } from '../../entities/engine/present.js'
import type { WorkspaceStore } from '../../store/store.js'
import { readPieces } from '../manifest/pieces.js'

export interface PreviewPage {
  readonly entries: readonly Json[]
  /** What was found by the tasks whose sums are on this page; null when there are none. */
  readonly totals: PreviewTotals | null
  /** Where the next page begins; null after the last. */
  readonly next: string | null
}

/** A page of what a dry run found, in the order in which it did. */
export async function readPreview(
  store: WorkspaceStore,
  job: string,
  after: string | undefined,
): Promise<PreviewPage> {
  const { lines, next } = await readPieces(store, job, after, parsePreviewLine)
  const entries: Json[] = []
  let totals: PreviewTotals | undefined
  for (const { line, task } of lines) {
    if ('totals' in line) {
      totals = addTotals(totals ?? noTotals, line.totals)
      continue
    }
    const { action, path, size, why, message } = line
    entries.push({ task, action, path, size, why, message })
  }
  return { entries, totals: totals ?? null, next }
}
