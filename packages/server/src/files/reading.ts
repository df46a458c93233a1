import { type FilesPage, toWaybillError } from '@waybill/api'
import type { AgentHub } from '../agents/hub.js'
import type { CallContext } from '../context.js'
import { type Choice, choiceOf } from './choice.js'
import { countCollection, walkCollection } from './collection.js'
import { ListingText } from './listing.js'
import { countBytes, demandAll, type Kind, lookAtAll } from './looking.js'
import { type CollectionFiles, type FilePlace, FilePlaces, isFiles } from './place.js'
import type { AskedPath, AskedPaths, Selection } from './request.js'
import type { Turn, Turns } from './turns.js'
import { type Asking, walkDirectory } from './walking.js'

/** One call that looks at files. */
export interface Looking {
  readonly ctx: CallContext
  readonly hub: AgentHub
  readonly turns: Turns
  readonly gone: AbortSignal
  readonly asked: AskedPaths
}

interface Subject {
  readonly asked: AskedPath
  readonly place: FilePlace | CollectionFiles
  /** What is there; of a collection nothing is asked. */
  readonly kind: Kind | undefined
}

/**
 * Lists directories, as JSON text that comes while the agents are asked. Before the first of it all paths are
 * looked up, so that one that is not there is an error of the whole call, as is one that may not be read.
 */
export async function* list(looking: Looking, selection: Selection): AsyncGenerator<string, void> {
  const { ctx, turns, hub, gone, asked } = looking
  const turn = await turns.take(ctx.caller.user)
  try {
    const choice = choiceOf(selection)
    const places = new FilePlaces(ctx)
    const subjects = await findAll(looking, places)
    const asking: Asking = { hub, turn, gone }
    if (asked.many) yield '['
    for (const [index, subject] of subjects.entries()) {
      if (asked.many)
        yield `${index === 0 ? '' : ','}{"path":${JSON.stringify(subject.asked.given)},"result":`
      yield* listOne(asking, places, subject, selection, choice)
      if (asked.many) yield '}'
    }
    if (asked.many) yield ']'
  } finally {
    turn.end()
  }
}

/** Bytes at each path. */
export async function getSize(looking: Looking, selection: Selection): Promise<unknown> {
  return await inTurn(looking, async (turn) => {
    const choice = choiceOf(selection)
    const places = new FilePlaces(looking.ctx)
    const asking: Asking = { hub: looking.hub, turn, gone: looking.gone }
    const sizes: number[] = []
    for (const { place, kind } of await findAll(looking, places)) {
      if (isFiles(place)) sizes.push(await countCollection(asking, places, place, selection, choice))
      else if (kind !== undefined) sizes.push(await countBytes(asking, place, kind, selection))
    }
    return answer(looking.asked, sizes)
  })
}

/** Whether something is at each path; one that may not be read is an error. */
export async function exists(looking: Looking): Promise<unknown> {
  return await inTurn(looking, async () => {
    const places = new FilePlaces(looking.ctx)
    const found: (FilePlace | CollectionFiles | undefined)[] = []
    for (const path of looking.asked.paths) {
      const place = await places.find(path, 'see').catch(async (thrown: unknown) => {
        if (toWaybillError(thrown).code === 'not_found' && (await places.isAbsent(path))) return undefined
        throw thrown
      })
      found.push(place)
    }
    const kinds = await lookAtAll(looking.hub, ofAgents(found), 'see')
    let next = 0
    const there = found.map((place) => place !== undefined && (isFiles(place) || kinds[next++] !== undefined))
    return answer(looking.asked, there)
  })
}

async function* listOne(
  asking: Asking,
  places: FilePlaces,
  { place, kind }: Subject,
  selection: Selection,
  choice: Choice,
): AsyncGenerator<string, void> {
  const text = new ListingText(selection.recursive)
  const pages = isFiles(place)
    ? walkCollection(asking, places, place, selection, choice)
    : kind?.type === 'file'
      ? justFile(place, kind)
      : walkDirectory(asking, place, selection, selection.depth)
  let waiting = text.start()
  for await (const page of pages) {
    waiting += text.add(page.entries)
    // What is short goes out in one piece, so that an error is still an answer.
    if (waiting.length < pieceLength) continue
    yield waiting
    waiting = ''
  }
  yield waiting + text.end()
}

/** Characters that are put together before they are sent. */
const pieceLength = 64_000

/** A file lists itself. */
async function* justFile(
  { names, path }: FilePlace,
  { size, modified }: Extract<Kind, { type: 'file' }>,
): AsyncGenerator<FilesPage, void> {
  const name = names.at(-1) ?? path.split(/[\\/]/).at(-1) ?? ''
  await Promise.resolve()
  yield { entries: [{ type: 'file', name, size, modified }], size, done: true }
}

async function findAll(looking: Looking, places: FilePlaces): Promise<Subject[]> {
  const found = await resolve(looking, places)
  const kinds = await demandAll(looking.hub, ofAgents(found), 'see')
  let next = 0
  return found.flatMap((place, index) => {
    const asked = looking.asked.paths[index]
    if (asked === undefined) return []
    return { asked, place, kind: isFiles(place) ? undefined : kinds[next++] }
  })
}

async function resolve({ asked }: Looking, places: FilePlaces): Promise<(FilePlace | CollectionFiles)[]> {
  const found: (FilePlace | CollectionFiles)[] = []
  for (const path of asked.paths) found.push(await places.find(path, 'see'))
  return found
}

function ofAgents(found: readonly (FilePlace | CollectionFiles | undefined)[]): FilePlace[] {
  return found.flatMap((place) => (place === undefined || isFiles(place) ? [] : [place]))
}

function answer({ paths, many }: AskedPaths, results: readonly unknown[]): unknown {
  return many ? paths.map(({ given }, index) => ({ path: given, result: results[index] })) : results[0]
}

async function inTurn<T>({ ctx, turns }: Looking, work: (turn: Turn) => Promise<T>): Promise<T> {
  const turn = await turns.take(ctx.caller.user)
  try {
    return await work(turn)
  } finally {
    turn.end()
  }
}
