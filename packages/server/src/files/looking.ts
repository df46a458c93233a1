import { allows, type FileStat, maxFileStats, WaybillError } from '@waybill/api'
import type { AgentHub } from '../agents/hub.js'
import { askAgent, inWords } from './ask.js'
import { type FilePlace, noSuchFile, type Sought } from './place.js'
import type { Selection } from './request.js'
import { type Asking, walkDirectory } from './walking.js'

export type Kind = Extract<FileStat, { type: 'file' | 'directory' }>

/**
 * What is at each of some places; undefined for nothing. Places of one agent are asked about together. Rejects
 * when one of them cannot be looked at.
 */
export async function lookAtAll(
  hub: AgentHub,
  places: readonly FilePlace[],
  sought: Sought,
): Promise<(Kind | undefined)[]> {
  const found = new Map<FilePlace, Kind | undefined>()
  for (const some of together(places)) {
    const [first] = some
    if (first === undefined) continue
    const { root } = first
    // Spelled exactly as soon as one of them has to be.
    const exact = some.some(({ scope }) => !scope.all)
    const paths = some.map(({ path }) => path)
    const { items } = await askAgent(hub, first, 'files.stat', { root, exact, paths }, sought)
    if (items.length !== some.length) throw inWords(first, new Error('Not an answer for each path'), sought)
    for (const [index, place] of some.entries()) found.set(place, kindOf(place, items[index], sought))
  }
  return places.map((place) => found.get(place))
}

/** The same where everything has to be there: `not_found` otherwise. */
export async function demandAll(
  hub: AgentHub,
  places: readonly FilePlace[],
  sought: Sought,
): Promise<Kind[]> {
  const kinds = await lookAtAll(hub, places, sought)
  return kinds.map((kind, index) => {
    if (kind !== undefined) return kind
    throw noSuchFile(places[index]?.text ?? '', sought)
  })
}

/** Bytes of a file, or of all that may be seen and was chosen in a directory. */
export async function countBytes(
  asking: Asking,
  place: FilePlace,
  kind: Kind,
  selection: Selection,
): Promise<number> {
  if (kind.type === 'file') return kind.size
  let size = 0
  const all = { ...selection, skip: 0, limit: undefined, only: 'all' } as const
  for await (const page of walkDirectory(asking, place, all, 0)) size = page.size
  return size
}

function kindOf(place: FilePlace, item: FileStat | undefined, sought: Sought): Kind | undefined {
  if (item === undefined || item.type === 'missing') return undefined
  if (item.type === 'failed') throw inWords(place, new WaybillError(codeOf(item.code), item.message), sought)
  // On the way to what was granted there are directories only; a file there is none of the caller's.
  if (sought === 'see' && item.type === 'file' && !allows(place.scope, place.names, 'read')) return undefined
  return item
}

function codeOf(code: string): 'forbidden' | 'bad_request' | 'unreachable' {
  return code === 'forbidden' || code === 'bad_request' ? code : 'unreachable'
}

function together(places: readonly FilePlace[]): FilePlace[][] {
  const groups = new Map<string, FilePlace[][]>()
  for (const place of places) {
    const key = `${place.client.id} ${place.root ?? ''}`
    const chunks = groups.get(key) ?? [[]]
    groups.set(key, chunks)
    const last = chunks.at(-1)
    if (last !== undefined && last.length < maxFileStats) last.push(place)
    else chunks.push([place])
  }
  return [...groups.values()].flat()
}
