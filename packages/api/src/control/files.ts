import * as v from 'valibot'
import { maxPathLength } from '../paths/names.js'

/**
 * What the control plane asks of an agent about files: looking, listing, changing. Each request is small work of
 * less than a second, so that one that is not answered means a storage that hangs; what takes longer is asked
 * for again and again until it is done. Each may be repeated after a lost line, and then does no harm.
 */

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
/** Milliseconds since 1970; files from before are possible. */
const moment = v.pipe(v.number(), v.integer(), v.minValue(-8.64e15), v.maxValue(8.64e15))
/** A name in UTF-8 has at most 255 bytes; those that are no UTF-8 are shown with replacements. */
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(255))
const names = v.pipe(v.array(name), v.maxLength(maxPathLength), v.readonly())

/** With `root` paths are relative to it, `/` between names, and empty for itself; without, they are absolute. */
const root = v.nullable(v.pipe(v.string(), v.minLength(1), v.maxLength(32_768)))
const path = v.pipe(v.string(), v.maxLength(maxPathLength))

/**
 * Whether names have to be spelled as they stand on the disk, also where the file system would take other
 * spellings: rights are on names.
 */
const exact = v.boolean()

const scope = v.object({
  all: v.boolean(),
  reaches: v.pipe(
    v.array(v.object({ names, read: v.boolean(), write: v.boolean() })),
    v.maxLength(10_000),
    v.readonly(),
  ),
  closed: v.pipe(v.array(names), v.maxLength(10_000), v.readonly()),
})

/** Most paths of one `files.stat`. */
export const maxFileStats = 500
/** Entries of one page, and how many more there can be where a page ends deep in a tree. */
export const maxPageEntries = 1000
const moreEntries = 4096

export const filesStatArgs = v.object({
  root,
  exact,
  paths: v.pipe(v.array(path), v.minLength(1), v.maxLength(maxFileStats)),
})
const fileStat = v.variant('type', [
  v.object({ type: v.literal('file'), size: count, modified: moment }),
  v.object({ type: v.literal('directory'), modified: moment }),
  /** Also what is neither: devices, and unfinished files of transfers. */
  v.object({ type: v.literal('missing') }),
  /** Also symbolic links and what lies behind them. */
  v.object({ type: v.literal('failed'), code: v.string(), message: v.string() }),
])
export type FileStat = v.InferOutput<typeof fileStat>
export const filesStatResult = v.object({ items: v.pipe(v.array(fileStat), v.maxLength(maxFileStats)) })

/** Begins a walk through a directory and answers with its first page. */
export const filesWalkArgs = v.object({
  root,
  exact,
  path,
  /** Chosen by the control plane; the same one again gets the page again that it got last. */
  walk: v.pipe(v.string(), v.uuid()),
  /** What may be seen, in a tree of files in which `path` lies at `names`. */
  scope,
  names,
  /** Levels to list; 1 is the directory's own entries, 0 only counts bytes. */
  depth: v.pipe(count, v.maxValue(maxPathLength)),
  /** Whether directories get the size of what may be seen beneath them. */
  sizes: v.boolean(),
  only: v.picklist(['all', 'files', 'directories']),
  /** Filters as settings write them; include wins. */
  include: v.pipe(v.string(), v.maxLength(100_000)),
  exclude: v.pipe(v.string(), v.maxLength(100_000)),
  /** Of the directory's own entries, by name. */
  skip: count,
  limit: v.nullable(count),
})
export type FilesWalk = v.InferOutput<typeof filesWalkArgs>

const walkEntry = v.variant('type', [
  v.object({ type: v.literal('file'), name, size: count, modified: moment }),
  /** A directory that is not looked into. */
  v.object({ type: v.literal('directory'), name, size: count, modified: moment }),
  /** A directory whose entries follow, up to its `leave`. */
  v.object({ type: v.literal('enter'), name, modified: moment }),
  v.object({ type: v.literal('leave'), size: count }),
])
export type WalkEntry = v.InferOutput<typeof walkEntry>

export const filesPage = v.object({
  entries: v.pipe(v.array(walkEntry), v.maxLength(maxPageEntries + moreEntries)),
  /** Bytes of all files that were counted up to here. */
  size: count,
  done: v.boolean(),
})
export type FilesPage = v.InferOutput<typeof filesPage>

/** The next page, by its number from 1; the last one that was answered may be asked for again. */
export const filesNextArgs = v.object({ root, walk: v.string(), page: count })
/** The walk is not wanted any more. One that nobody asks for ends by itself after a minute. */
export const filesCloseArgs = v.object({ root, walk: v.string() })

export const filesMkdirArgs = v.object({ root, exact, path })

/** Deletes for a while; to be asked again until it is done, which what is not there is at once. */
export const filesDeleteArgs = v.object({ root, exact, path, force: v.boolean() })
export const filesDeleteResult = v.object({ done: v.boolean(), deleted: count })

/** Never replaces what is there. */
export const filesRenameArgs = v.object({ root, exact, path, to: path })

const done = v.object({ done: v.boolean() })

export const fileRequests = {
  'files.stat': { args: filesStatArgs, result: filesStatResult },
  'files.walk': { args: filesWalkArgs, result: filesPage },
  'files.next': { args: filesNextArgs, result: filesPage },
  'files.close': { args: filesCloseArgs, result: done },
  'files.mkdir': { args: filesMkdirArgs, result: done },
  'files.delete': { args: filesDeleteArgs, result: filesDeleteResult },
  'files.rename': { args: filesRenameArgs, result: done },
} as const

export type FileRequestName = keyof typeof fileRequests
