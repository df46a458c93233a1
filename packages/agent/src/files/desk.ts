import {
  type FileStat,
  type FilesPage,
  type RequestArgs,
  type RequestResult,
  WaybillError,
} from '@waybill/api'
import { baseName } from '@waybill/asc'
import { errno } from '../transfer/fault.js'
import type { DeskArgs, DeskRequestName, DeskResult } from './calls.js'
import { fileFailure, isMissing } from './failure.js'
import {
  type Asked,
  bytesOf,
  type HeldPath,
  holdPath,
  isBehindLink,
  isOurs,
  lookAt,
  msOf,
  sizeOf,
  withRoot,
} from './place.js'
import { type Removed, remove } from './remove.js'
import { rename } from './rename.js'
import { clearTrash, listTrash } from './trash.js'
import { type PageLimits, pageLimits, Walk } from './walk.js'

/** Walks at a time, and milliseconds after which one that nobody asks for is given up. */
const mostWalks = 64
const walkIdle = 60_000

interface OpenWalk {
  readonly walk: Walk
  page: number
  last: FilesPage
  used: number
}

/** Does what is asked about files, in the thread that it runs in: every call is some milliseconds of work. */
export class FileDesk {
  readonly #walks = new Map<string, OpenWalk>()
  readonly #limits: PageLimits
  readonly #now: () => number

  constructor(limits: PageLimits = pageLimits, now: () => number = () => performance.now()) {
    this.#limits = limits
    this.#now = now
  }

  /** Throws a WaybillError. */
  perform<N extends DeskRequestName>(name: N, args: DeskArgs<N>): DeskResult<N> {
    try {
      this.#expire()
      return this.#tasks[name](args)
    } catch (error) {
      throw fileFailure(error)
    }
  }

  /** Walks that are open. */
  get walks(): number {
    return this.#walks.size
  }

  close(): void {
    for (const id of [...this.#walks.keys()]) this.#drop(id)
  }

  readonly #tasks: { [N in DeskRequestName]: (args: DeskArgs<N>) => DeskResult<N> } = {
    'files.stat': (args) => withRoot(args, (hold) => ({ items: args.paths.map((path) => stat(hold, path)) })),
    'files.walk': (args) => this.#begin(args),
    'files.next': ({ walk, page }) => this.#next(walk, page),
    'files.close': ({ walk }) => {
      this.#drop(walk)
      return { done: true }
    },
    'files.mkdir': (args) => withRoot(beneath(args), (hold) => mkdir(hold(args.path))),
    'files.delete': (args) =>
      withRoot(beneath(args), (hold) => {
        const how = { force: args.force, ms: this.#limits.ms }
        return unlessGone(() => remove(hold(args.path), how, this.#now))
      }),
    'files.rename': (args) =>
      withRoot(beneath(args), (hold) => {
        const from = hold(args.path)
        const to = hold(args.to)
        rename(from, to.base)
        return { done: true }
      }),
    'trash.list': ({ root }) => listTrash(root),
    'trash.clear': (args) => clearTrash(args, this.#limits.ms, this.#now),
  }

  #begin(args: RequestArgs<'files.walk'>): FilesPage {
    const known = this.#walks.get(args.walk)
    if (known !== undefined) return known.last
    if (this.#walks.size >= mostWalks) {
      throw new WaybillError('rate_limited', `more than ${mostWalks} listings at once on one storage`)
    }
    const held = holdPath(args, args.path)
    let walk: Walk
    try {
      walk = new Walk(held, args)
    } catch (error) {
      held.tree.close()
      throw error
    }
    const last = walk.page(this.#limits, this.#now)
    if (last.done) walk.close()
    else this.#walks.set(args.walk, { walk, page: 0, last, used: this.#now() })
    return last
  }

  #next(id: string, page: number): FilesPage {
    const open = this.#walks.get(id)
    if (open === undefined || (page !== open.page && page !== open.page + 1)) {
      throw new WaybillError('timeout', 'the listing was given up, since nobody went on with it')
    }
    open.used = this.#now()
    if (page === open.page) return open.last
    open.last = open.walk.page(this.#limits, this.#now)
    open.page = page
    // Kept for a moment, should the answer get lost; what it holds open is not.
    if (open.last.done) open.walk.close()
    return open.last
  }

  #drop(id: string): void {
    this.#walks.get(id)?.walk.close()
    this.#walks.delete(id)
  }

  #expire(): void {
    const now = this.#now()
    for (const [id, { used }] of this.#walks) if (now - used > walkIdle) this.#drop(id)
  }
}

/** Changes are for what the control plane may lay hands on: shares, never a user's own paths. */
function beneath<T extends Asked>(args: T): T {
  if (args.root !== null) return args
  throw new WaybillError('forbidden', 'nothing is changed on the own paths of a machine')
}

function stat(hold: (path: string) => HeldPath, path: string): FileStat {
  try {
    const held = hold(path)
    const found = lookUp(held)
    if (found === undefined) {
      if (!isBehindLink(held)) return { type: 'missing' }
      // It may well be there, and may lie outside of the share: to say that nothing is there would be a lie.
      throw new WaybillError('forbidden', 'a symbolic link is in the way, and links are not followed')
    }
    return found.isDirectory()
      ? { type: 'directory', modified: msOf(found) }
      : { type: 'file', size: sizeOf(found), modified: msOf(found) }
  } catch (error) {
    // On an own path, whose links are followed.
    if (isMissing(error)) return { type: 'missing' }
    const { code, message } = fileFailure(error)
    return { type: 'failed', code, message }
  }
}

function lookUp(held: HeldPath): ReturnType<typeof lookAt> {
  try {
    return lookAt(held)
  } catch (error) {
    // A name that no storage would take is not there.
    if (isMissing(error) || errno(error) === 'ENAMETOOLONG') return undefined
    throw error
  }
}

/** Makes a directory with those above it; one that is there already is fine. */
function mkdir({ tree, base }: HeldPath): RequestResult<'files.mkdir'> {
  if (base.split('/').some((name) => isOurs(bytesOf(baseName(name))))) {
    throw new WaybillError('bad_request', 'the name is one of those for unfinished transfers')
  }
  try {
    tree.directory(base, true)
  } catch (error) {
    if (errno(error) !== 'ENOTDIR' && errno(error) !== 'ELOOP') throw error
    throw new WaybillError('conflict', 'a file or a symbolic link is in the way')
  }
  return { done: true }
}

/** What is gone already is as good as deleted. */
function unlessGone(work: () => Removed): Removed {
  try {
    return work()
  } catch (error) {
    if (isMissing(error)) return { done: true, deleted: 0 }
    throw error
  }
}
