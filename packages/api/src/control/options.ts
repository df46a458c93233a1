import * as v from 'valibot'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

/** How long what onewaysync deletes is kept in the trash of its destination; `none` is not at all. */
const trash = v.variant('kind', [
  v.strictObject({ kind: v.literal('none') }),
  v.strictObject({ kind: v.literal('days'), days: v.pipe(v.number(), v.minValue(0), v.maxValue(1e6)) }),
  v.strictObject({ kind: v.literal('forever') }),
])

/** Checksums of ASC MHL, by their names there. */
export const mhlHashes = ['xxh128', 'xxh3', 'xxh64', 'md5', 'sha1', 'c4'] as const
export type MhlHash = (typeof mhlHashes)[number]

/**
 * How the files of one task are to be copied. Both sides are told the same and each obeys its own copy. What is
 * absent is as in `defaultOptions`, so that most tasks carry none at all. Words are those of the settings.
 */
export const taskOptions = v.strictObject({
  mode: v.optional(v.picklist(['copy', 'onewaysync'])),
  comparison: v.optional(v.picklist(['size_mtime', 'size', 'checksum', 'newer', 'always'])),
  /** A file that is at the destination is left alone, whatever is in it. */
  ignoreExisting: v.optional(v.boolean()),
  /** Files from this size on (bytes) are resumed where they were; null is none. */
  resumeFrom: v.optional(v.nullable(count)),
  attributes: v.optional(
    v.array(v.picklist(['times', 'permissions', 'mode', 'owner', 'xattr', 'hardlinks'])),
  ),
  /** What has to stay free on the receiver's disk: bytes, or a part of its size. */
  reserve: v.optional(
    v.variant('kind', [
      v.strictObject({ kind: v.literal('bytes'), bytes: count }),
      v.strictObject({ kind: v.literal('part'), part: v.pipe(v.number(), v.minValue(0), v.maxValue(1)) }),
    ]),
  ),
  /** Whether only what differs from an older file at the destination is sent; auto: where that is faster. */
  delta: v.optional(v.picklist(['auto', 'always', 'never'])),
  trash: v.optional(trash),
  /** Seconds that a source file has to have rested before it is read. */
  settle: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1e6))),
  /** Which files the manifest tells the checksums of: those that were transferred, or also those that were there. */
  manifest: v.optional(v.picklist(['none', 'transferred', 'all'])),
  /** The kind of checksum of the ASC MHL generation that is written beside the files; null is none. */
  mhl: v.optional(v.nullable(v.picklist(mhlHashes))),
  /** Nothing is moved and nothing changed: both sides only look at what would happen. */
  dryRun: v.optional(v.boolean()),
})
export type GivenOptions = v.InferOutput<typeof taskOptions>
export type TaskOptions = { readonly [Name in keyof GivenOptions]-?: Exclude<GivenOptions[Name], undefined> }

export const defaultOptions: TaskOptions = {
  mode: 'copy',
  comparison: 'size_mtime',
  ignoreExisting: false,
  resumeFrom: 8_000_000,
  attributes: ['times', 'permissions'],
  reserve: { kind: 'bytes', bytes: 0 },
  delta: 'auto',
  trash: { kind: 'days', days: 30 },
  settle: 0,
  manifest: 'transferred',
  mhl: null,
  dryRun: false,
}

/** The options in force, from those that were given. */
export function fullOptions(given: GivenOptions | undefined): TaskOptions {
  if (given === undefined) return defaultOptions
  return {
    mode: given.mode ?? defaultOptions.mode,
    comparison: given.comparison ?? defaultOptions.comparison,
    ignoreExisting: given.ignoreExisting ?? defaultOptions.ignoreExisting,
    resumeFrom: given.resumeFrom === undefined ? defaultOptions.resumeFrom : given.resumeFrom,
    attributes: given.attributes ?? defaultOptions.attributes,
    reserve: given.reserve ?? defaultOptions.reserve,
    delta: given.delta ?? defaultOptions.delta,
    trash: given.trash ?? defaultOptions.trash,
    settle: given.settle ?? defaultOptions.settle,
    manifest: given.manifest ?? defaultOptions.manifest,
    mhl: given.mhl === undefined ? defaultOptions.mhl : given.mhl,
    dryRun: given.dryRun ?? defaultOptions.dryRun,
  }
}
