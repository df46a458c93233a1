import { allows, allowsWhole, parsePath, toWaybillError, WaybillError } from '@waybill/api'
import type { AgentHub } from '../agents/hub.js'
import { writeAudit } from '../audit/note-change.js'
import type { CallContext } from '../context.js'
import { askAgent } from './ask.js'
import { demandAll } from './looking.js'
import { type FilePlace, FilePlaces, isFiles } from './place.js'
import type { AskedPath, AskedPaths } from './request.js'
import { refuseRoots } from './roots.js'
import type { Turn, Turns } from './turns.js'

/** One call that changes files. */
export interface Changing {
  readonly ctx: CallContext
  readonly hub: AgentHub
  readonly turns: Turns
}

/** Makes directories, with those above them; one that is there already is fine. */
export async function makeDirectories(changing: Changing, { paths }: AskedPaths): Promise<true> {
  return await inTurn(changing, async (places) => {
    const found: FilePlace[] = []
    for (const path of paths) found.push(await toChange(places, path, 'write'))
    for (const place of found) {
      const { root, path, scope } = place
      await noted(changing, place, 'directory made', {}, async () => {
        await askAgent(changing.hub, place, 'files.mkdir', { root, exact: !scope.all, path }, 'write')
      })
    }
  })
}

/**
 * Deletes files and directories; those that are not empty only with `force`. All of them have to be there and
 * to be the caller's before the first is deleted.
 */
export async function remove(changing: Changing, { paths }: AskedPaths, force: boolean): Promise<true> {
  return await inTurn(changing, async (places, turn) => {
    const found: FilePlace[] = []
    for (const path of paths) {
      const place = await toChange(places, path)
      await refuseRoots(changing.ctx.store, place)
      found.push(place)
    }
    await demandAll(changing.hub, found, 'write')
    for (const place of found) {
      await noted(changing, place, 'file deleted', { force }, () =>
        deleteAll(changing.hub, turn, place, force),
      )
    }
  })
}

/** Gives a file or directory another name in its directory. */
export async function rename(changing: Changing, from: AskedPath, to: AskedPath): Promise<true> {
  return await inTurn(changing, async (places) => {
    const [source, target] = [await toChange(places, from), await toChange(places, to)]
    const stays = sameDirectory(source, target)
    if (!stays) {
      const words = `${to.text} lies in another directory than ${from.text}: write both in full, or use move`
      throw new WaybillError('bad_request', words)
    }
    await relocate(changing, source, target, 'file renamed')
  })
}

/**
 * Moves a file or directory to another place of the same volume. A target that ends in a slash is a directory
 * to put it into, any other the new name.
 */
export async function move(changing: Changing, from: AskedPath, to: AskedPath): Promise<true> {
  return await inTurn(changing, async (places) => {
    const source = await toChange(places, from)
    const target = await toChange(places, into(changing.ctx, to, source))
    await relocate(changing, source, target, 'file moved')
  })
}

async function relocate(
  changing: Changing,
  source: FilePlace,
  target: FilePlace,
  change: string,
): Promise<void> {
  const { root, path } = source
  if (source.client.id !== target.client.id || root !== target.root) {
    const words =
      `${source.text} and ${target.text} are on different volumes; send it with ` +
      `"waybill transfer", and delete ${source.text} then`
    throw new WaybillError('bad_request', words)
  }
  await refuseRoots(changing.ctx.store, source)
  // Otherwise whatever may be changed but not read could be fetched to where it may.
  const secret = !allowsWhole(source.scope, source.names, 'read')
  if (secret && allows(target.scope, target.names, 'read')) {
    throw new WaybillError('forbidden', `You may not read ${source.text}, so not move it to where you may`)
  }
  await demandAll(changing.hub, [source], 'write')
  const exact = !source.scope.all || !target.scope.all
  await noted(changing, source, change, { path_to: target.text }, async () => {
    await askAgent(changing.hub, source, 'files.rename', { root, exact, path, to: target.path }, 'write')
  })
}

async function deleteAll(hub: AgentHub, turn: Turn, place: FilePlace, force: boolean): Promise<void> {
  const { root, path, scope } = place
  for (let over = false; !over; ) {
    const asked = { root, exact: !scope.all, path, force }
    const { done } = await askAgent(hub, place, 'files.delete', asked, 'write').catch((thrown: unknown) => {
      const { code, message } = toWaybillError(thrown)
      if (code !== 'conflict' || force) throw thrown
      throw new WaybillError('conflict', `${message}; use force to delete it with all that is in it`)
    })
    over = done
    turn.touch()
  }
}

/** A place that is the caller's to change, on storage. */
async function toChange(
  places: FilePlaces,
  asked: AskedPath,
  sought: 'write' | 'change' = 'change',
): Promise<FilePlace> {
  const place = await places.find(asked, sought)
  if (isFiles(place) || place.share?.share.kind === 'collection') {
    const words = `${asked.text} is in a collection, which shows files of other shares and changes none`
    throw new WaybillError('forbidden', words)
  }
  return place
}

/** The path that something gets: in a directory its own name. */
function into({ workspace }: CallContext, to: AskedPath, source: FilePlace): AskedPath {
  const { path } = parsePath(to.text, { workspace: workspace.code })
  const name = source.share?.below.at(-1)
  if (path?.directory !== true || name === undefined) return to
  return { given: to.given, text: `${to.text.replace(/[\\/]+$/, '')}/${name}` }
}

function sameDirectory(a: FilePlace, b: FilePlace): boolean {
  const parent = ({ path }: FilePlace): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))
  return a.client.id === b.client.id && a.root === b.root && parent(a) === parent(b)
}

/** Does it, and writes down who did, also when it is not known how far it came. */
async function noted(
  { ctx }: Changing,
  { share, text }: FilePlace,
  change: string,
  details: Readonly<Record<string, unknown>>,
  work: () => Promise<void>,
): Promise<void> {
  const note = async (failure: object): Promise<void> => {
    if (share === undefined) return
    const { kind: entitytype, id } = share.share
    await ctx.store.transaction(async (tx) => {
      await writeAudit(tx, ctx, { entitytype, id, change, details: { path: text, ...details, ...failure } })
    })
  }
  try {
    await work()
  } catch (thrown) {
    await note({ failed: toWaybillError(thrown).message })
    throw thrown
  }
  await note({})
}

async function inTurn(
  { ctx, turns }: Changing,
  work: (places: FilePlaces, turn: Turn) => Promise<void>,
): Promise<true> {
  const turn = await turns.take(ctx.caller.user)
  try {
    await work(new FilePlaces(ctx), turn)
    return true
  } finally {
    turn.end()
  }
}
