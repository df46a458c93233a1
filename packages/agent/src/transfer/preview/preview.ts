import { type BigIntStats, lstatSync } from 'node:fs'
import {
  addAmounts,
  noTotals,
  type PreviewAction,
  type PreviewReason,
  type PreviewTotals,
  printPreviewLine,
} from '@waybill/api'
import { type BytePath, type Entry, parentPath, showPath } from '@waybill/asc'
import { differenceOf } from '../comparison.js'
import { errno, Fault, faultOf } from '../fault.js'
import type { Placed } from '../receiving/target-task.js'
import { refuseOwnNames, retryStale, targetOf } from '../target.js'

/** Lines that are told of one task at most; what is beyond is counted. */
const mostLines = 1_000_000

/** What a dry run finds in the place of an entry; `compare` asks for a look at the contents of both. */
type Finding =
  | { readonly action: 'new' | 'unchanged' | 'compare' }
  | { readonly action: 'changed'; readonly why: PreviewReason }

/** What would become of one task: looks at its destination, changes nothing, and writes down what it finds. */
export class Preview {
  readonly #known: Placed
  readonly #index: number
  readonly #write: (line: string) => void
  readonly #most: number
  #totals: PreviewTotals = noTotals
  #lines = 0
  /** The source is a directory, whose own entry came. */
  isDirectory = false

  constructor(known: Placed, write: (line: string) => void, most = mostLines) {
    this.#known = known
    this.#index = known.task.index
    this.#write = write
    this.#most = most
  }

  /** Whether anything would fail, or could not be looked at. */
  get hasFailures(): boolean {
    const { files, directories } = this.#totals.failed
    return files + directories > 0
  }

  /** Answers whether the contents have to be compared; otherwise all is said. */
  check(entry: Entry): 'settled' | 'compare' {
    if (entry.path === '' && entry.kind === 'directory') this.isDirectory = true
    try {
      const finding = this.#look(entry)
      if (finding.action === 'compare') return 'compare'
      this.#tell(finding.action, entry, finding.action === 'changed' ? finding.why : '')
    } catch (error) {
      const { code, message } = faultOf(error, 'write', `Cannot look at ${showPath(entry.path)}`)
      this.#tell('failed', entry, code, message)
    }
    return 'settled'
  }

  /** The contents of a file were compared. */
  compared(entry: Entry, same: boolean): void {
    if (same) this.#tell('unchanged', entry)
    else this.#tell('changed', entry, 'contents')
  }

  /** It would be deleted. */
  deleted(entry: Pick<Entry, 'path' | 'kind' | 'size'>): void {
    this.#tell('deleted', entry)
  }

  /** What either side says of something that is left out (W) or fails. Paths are bytes. */
  note(path: BytePath, code: string, message: string): void {
    this.#tell(code.startsWith('W') ? 'skipped' : 'failed', { path, kind: 'file', size: 0 }, code, message)
  }

  /** All is looked at. */
  end(): void {
    const { mode, trash } = this.#known.options
    const unlisted = Math.max(0, this.#lines - this.#most)
    const totals = { ...this.#totals, unlisted, trash: mode === 'onewaysync' && trash.kind !== 'none' }
    this.#write(printPreviewLine({ task: this.#index, totals }))
  }

  #look(entry: Entry): Finding {
    const { place, options } = this.#known
    const target = targetOf(place, entry)
    refuseOwnNames(target)
    const stat = this.#stat(target)
    if (stat === undefined) return { action: 'new' }
    if (entry.kind === 'directory') {
      if (stat.isDirectory()) return { action: 'unchanged' }
      throw new Fault('E#J057', `A file or symbolic link is in the way of the directory ${showPath(target)}`)
    }
    if (stat.isDirectory()) {
      throw new Fault('E#J057', `A directory is in the way of the file ${showPath(target)}`)
    }
    if (options.ignoreExisting) return { action: 'unchanged' }
    if (!stat.isFile()) return { action: 'changed', why: 'kind' }
    const difference = differenceOf(stat, entry, options.comparison)
    if (difference === undefined) return { action: 'unchanged' }
    return difference === 'unknown' ? { action: 'compare' } : { action: 'changed', why: difference }
  }

  /** What is there; directories above that are not there yet would be made. */
  #stat(target: BytePath): BigIntStats | undefined {
    const { tree } = this.#known.place
    try {
      const at = retryStale(tree, () => tree.at(target))
      return lstatSync(at, { bigint: true, throwIfNoEntry: false })
    } catch (error) {
      if (errno(error) === 'ENOENT') return undefined
      if (errno(error) !== 'ENOTDIR' && errno(error) !== 'ELOOP') throw error
      const parent = showPath(parentPath(target))
      throw new Fault('E#J057', `A file or symbolic link is in the way of the directory ${parent}`)
    }
  }

  #tell(action: PreviewAction, entry: Pick<Entry, 'path' | 'kind' | 'size'>, why = '', message = ''): void {
    const { path, kind, size } = entry
    const one = { files: 0, directories: 0, bytes: size, [kind === 'file' ? 'files' : 'directories']: 1 }
    this.#totals = { ...this.#totals, [action]: addAmounts(this.#totals[action], one) }
    if (action === 'unchanged') return
    this.#lines++
    if (this.#lines > this.#most) return
    const shown = `${showPath(path)}${kind === 'directory' && path !== '' ? '/' : ''}`
    this.#write(printPreviewLine({ task: this.#index, action, path: shown, size, why, message }))
  }
}
