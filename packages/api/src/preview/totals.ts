import * as v from 'valibot'

const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER))

/** Files, directories and bytes of one kind. */
const amount = v.strictObject({ files: count, directories: count, bytes: count })
export type PreviewAmount = v.InferOutput<typeof amount>

export const previewTotals = v.strictObject({
  new: amount,
  changed: amount,
  unchanged: amount,
  deleted: amount,
  skipped: amount,
  failed: amount,
  /** Lines beyond the most that are listed of one run. */
  unlisted: count,
  /** Whether what would be deleted would go to the trash. */
  trash: v.boolean(),
})
export type PreviewTotals = v.InferOutput<typeof previewTotals>

const nothing: PreviewAmount = { files: 0, directories: 0, bytes: 0 }

export const noTotals: PreviewTotals = {
  new: nothing,
  changed: nothing,
  unchanged: nothing,
  deleted: nothing,
  skipped: nothing,
  failed: nothing,
  unlisted: 0,
  trash: false,
}

/** The totals of several tasks together. */
export function addTotals(a: PreviewTotals, b: PreviewTotals): PreviewTotals {
  return {
    new: addAmounts(a.new, b.new),
    changed: addAmounts(a.changed, b.changed),
    unchanged: addAmounts(a.unchanged, b.unchanged),
    deleted: addAmounts(a.deleted, b.deleted),
    skipped: addAmounts(a.skipped, b.skipped),
    failed: addAmounts(a.failed, b.failed),
    unlisted: a.unlisted + b.unlisted,
    trash: a.trash || b.trash,
  }
}

export function addAmounts(a: PreviewAmount, b: PreviewAmount): PreviewAmount {
  return {
    files: a.files + b.files,
    directories: a.directories + b.directories,
    bytes: a.bytes + b.bytes,
  }
}
