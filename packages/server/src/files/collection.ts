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
  for await (const member of members(asking, places, of)) {
    if (passed >= skip + limit) break
    const pages =
      member.kind.type === 'file' || selection.depth === 1
        ? itself(asking, member, selection, choice)
        : within(asking, member, selection, choice)
    let told = false
    for await (const page of pages) {
      if (!told) passed += 1
      told = true
      // Of one that is skipped it is enough to know that it would be told.
      if (passed <= skip) break
      yield { entries: page.entries, size: size + page.size, done: false }
      if (page.done) size += page.size
    }
  }
}

/** One entry, if it was asked for. */
async function* itself(
  asking: Asking,
  { name, place, kind }: Member,
  selection: Selection,
  choice: Choice,
): AsyncGenerator<FilesPage, void> {
  const isFile = kind.type === 'file'
  const wanted = selection.only === 'all' || (selection.only === 'files') === isFile
  if (!wanted || !choice(name)) return
  const size = isFile || selection.sizes ? await countBytes(asking, place, kind, selection) : 0
  yield { entries: [{ type: kind.type, name, size, modified: kind.modified }], size, done: true }
}

/** A directory with what is in it; one that was not chosen itself only if there is something. */
async function* within(
  asking: Asking,
  { name, place, kind }: Member,
  selection: Selection,
  choice: Choice,
): AsyncGenerator<FilesPage, void> {
  const chosen = selection.only !== 'files' && choice(name)
  const enter: WalkEntry = { type: 'enter', name, modified: kind.modified }
  const all = { ...selection, skip: 0, limit: undefined }
  let entered = false
  let size = 0
  for await (const page of walkDirectory(asking, place, all, selection.depth - 1)) {
    ;({ size } = page)
    if (page.entries.length === 0 && !chosen) continue
    yield { entries: entered ? page.entries : [enter, ...page.entries], size, done: false }
    entered = true
  }
  if (entered) yield { entries: [{ type: 'leave', size: selection.sizes ? size : 0 }], size, done: true }
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
