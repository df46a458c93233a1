import { randomUUID } from 'node:crypto'
import {
  allows,
  type FilesPage,
  isVisible,
  type Scope,
  scopeAt,
  scopeForReading,
  type WalkEntry,
  WaybillError,
} from '@waybill/api'
import type { AgentHub } from '../agents/hub.js'
import { askAgent, inWords } from './ask.js'
import type { FilePlace } from './place.js'
import type { Selection } from './request.js'
import type { Turn } from './turns.js'

/** What listing needs besides the place: who asks, and until when. */
export interface Asking {
  readonly hub: AgentHub
  readonly turn: Turn
  /** Nobody waits for the answer any more. */
  readonly gone: AbortSignal
}

/**
 * What the caller may see of a directory, a page at a time. While one is taken the agent makes the next, and no
 * more than that. The agent leaves out what the caller may not see, and so is what it sends all the same. Bytes
 * of all files up to there come with each page.
 */
export async function* walkDirectory(
  asking: Asking,
  place: FilePlace,
  selection: Selection,
  depth: number,
): AsyncGenerator<FilesPage, void> {
  const { hub, turn, gone } = asking
  const { root } = place
  const walk = randomUUID()
  const filter = new Filter(place, depth)
  let done = false
  try {
    let coming = begin(asking, place, selection, depth, walk)
    for (let page = 1; !done; page++) {
      const answer = await coming
      turn.touch()
      if (gone.aborted) throw new WaybillError('timeout', 'Nobody waits for the answer')
      ;({ done } = answer)
      const entries = filter.take(answer.entries)
      if (!done) {
        coming = askAgent(hub, place, 'files.next', { root, walk, page }, 'see')
        // Nobody may come back for it; and whoever does sees the failure then.
        coming.catch(() => undefined)
      }
      yield { ...answer, entries }
    }
  } finally {
    // Not waited for: an agent that does not answer gives it up by itself.
    if (!done) void hub.request(place.client.id, 'files.close', { root, walk }).catch(() => undefined)
  }
}

async function begin(
  { hub }: Asking,
  place: FilePlace,
  { sizes, only, include, exclude, skip, limit }: Selection,
  depth: number,
  walk: string,
): Promise<FilesPage> {
  const { root, path, scope, names } = place
  const where = { root, exact: !scope.all, path, walk, scope: scopeAt(scope, names), names: [...names] }
  const what = { depth, sizes, only, include, exclude, skip, limit: limit ?? null }
  return await askAgent(hub, place, 'files.walk', { ...where, ...what }, 'see')
}

/** Believes no agent: names that are none, levels that were not asked for, and what the caller may not see. */
class Filter {
  readonly #place: FilePlace
  readonly #depth: number
  /** Directories that were entered, with what may be seen in each. */
  readonly #within: { readonly names: readonly string[]; readonly scope: Scope }[]
  /** Levels of a directory that is left out. */
  #hidden = 0

  constructor(place: FilePlace, depth: number) {
    this.#place = place
    this.#depth = depth
    this.#within = [{ names: place.names, scope: scopeForReading(place.scope, place.names) }]
  }

  take(entries: readonly WalkEntry[]): WalkEntry[] {
    return entries.filter((entry) => this.#isFit(entry))
  }

  #isFit(entry: WalkEntry): boolean {
    const here = this.#within.at(-1)
    if (here === undefined) throw this.#nonsense()
    if (entry.type === 'leave') {
      if (this.#hidden > 0) {
        this.#hidden -= 1
        return false
      }
      this.#within.pop()
      if (this.#within.length === 0) throw this.#nonsense()
      return true
    }
    if (this.#hidden > 0) {
      if (entry.type === 'enter') this.#hidden += 1
      return false
    }
    if (!isName(entry.name) || this.#within.length > this.#depth) throw this.#nonsense()
    const names = [...here.names, entry.name]
    const fit = entry.type === 'file' ? allows(here.scope, names, 'read') : isVisible(here.scope, names)
    if (entry.type !== 'enter') return fit
    if (fit) this.#within.push({ names, scope: scopeForReading(here.scope, names) })
    else this.#hidden = 1
    return fit
  }

  #nonsense(): WaybillError {
    return inWords(this.#place, new Error('The listing of an agent makes no sense'), 'see')
  }
}

/** Also of names that were no UTF-8, which are shown with replacements. */
function isName(name: string): boolean {
  return name !== '.' && name !== '..' && !/[/\0]/.test(name)
}
