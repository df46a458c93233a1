import { type FilesPage, isVisible, visibleNames, type WalkEntry } from '@waybill/api'
import type { CollectionFile } from '../locations/directory.js'
import { placeOfFile } from '../locations/share-place.js'
import type { Choice } from './choice.js'
import { countBytes, type Kind, lookAtAll } from './looking.js'
import type { CollectionFiles, FilePlace, FilePlaces } from './place.js'
import type { Selection } from './request.js'
import { type Asking, walkDirectory } from './walking.js'

interface Member {
  readonly name: string
  readonly place: FilePlace
  readonly kind: Kind
}

/** The files of a collection as a directory would list them; those that are not there any more are left out. */
export async function* walkCollection(
  asking: Asking,
  places: FilePlaces,
  of: CollectionFiles,
  selection: Selection,
  choice: Choice,
): AsyncGenerator<FilesPage, void> {
  const { skip, limit = Number.POSITIVE_INFINITY } = selection
  let passed = 0
  let size = 0
  for await (const { name, place, kind } of members(asking, places, of)) {
    if (passed >= skip + limit) break
    const wanted = selection.only === 'all' || (selection.only === 'files') === (kind.type === 'file')
    if (kind.type === 'file' || selection.depth === 1) {
      if (!wanted || !choice(name)) continue
      passed += 1
      if (passed <= skip) continue
      const counted = kind.type === 'file' || selection.sizes
      const bytes = counted ? await countBytes(asking, place, kind, selection) : 0
      size += bytes
      const { modified } = kind
      yield { entries: [{ type: kind.type, name, size: bytes, modified }], size, done: false }
      continue
    }
    const inside = { ...selection, skip: 0, limit: undefined }
    // Those that were not chosen themselves are told of once there is something in them.
    let entered = false
    const enter: WalkEntry = { type: 'enter', name, modified: kind.modified }
    const chosen = selection.only !== 'files' && choice(name)
    if (chosen) {
      passed += 1
      if (passed <= skip) continue
    }
    let beneath = 0
    for await (const page of walkDirectory(asking, place, inside, selection.depth - 1)) {
      beneath = page.size
      if (!entered && !chosen && page.entries.length === 0) continue
      if (!entered && !chosen) passed += 1
      if (passed > skip)
        yield { ...page, entries: entered ? page.entries : [enter, ...page.entries], done: false }
      entered = true
    }
    size += beneath
    if (entered && passed > skip) {
      yield { entries: [{ type: 'leave', size: selection.sizes ? beneath : 0 }], size, done: false }
    }
  }
}

/** Bytes of all files of a collection that the caller may see. */
export async function countCollection(
  asking: Asking,
  places: FilePlaces,
  of: CollectionFiles,
  selection: Selection,
  choice: Choice,
): Promise<number> {
  let size = 0
  for await (const { name, place, kind } of members(asking, places, of)) {
    if (kind.type === 'directory' || choice(name)) size += await countBytes(asking, place, kind, selection)
  }
  return size
}

async function* members(
  { hub }: Asking,
  places: FilePlaces,
  { collection, scope, site, text }: CollectionFiles,
): AsyncGenerator<Member, void> {
  const seen = visibleNames(scope, [])
  for await (const page of places.directory.collectionFiles(collection)) {
    const found: { readonly name: string; readonly place: FilePlace }[] = []
    for (const file of page) {
      if (seen === 'nothing' || (seen !== 'all' && !seen.has(file.name))) continue
      if (!isVisible(scope, [file.name])) continue
      const place = await memberPlace(places, collection, file, site, text)
      if (place !== undefined) found.push({ name: file.name, place })
    }
    const kinds = await lookAtAll(
      hub,
      found.map(({ place }) => place),
      'see',
    )
    for (const [index, { name, place }] of found.entries()) {
      const kind = kinds[index]
      if (kind !== undefined) yield { name, place, kind }
    }
  }
}

async function memberPlace(
  places: FilePlaces,
  collection: CollectionFiles['collection'],
  file: CollectionFile,
  site: CollectionFiles['site'],
  text: string,
): Promise<FilePlace | undefined> {
  const member = `${text.replace(/\/$/, '')}/${file.name}`
  const place = await placeOfFile(places.directory, collection, file, [], member)
  return place === undefined ? undefined : await places.at(place, site, member)
}
