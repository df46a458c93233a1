import { noteChange } from '../../audit/note-change.js'
import type { CallContext } from '../../context.js'
import type { Tx } from '../../store/store.js'
import { demandOperator } from '../authority.js'
import { textOf } from '../engine/columns.js'
import type { Input } from '../operations.js'
import { makeDirectory } from './make-directory.js'
import { insertShare } from './new-share.js'
import { placeShare } from './placing.js'
import { commonOperations, type ShareDeps, type SharedRow, type ShareOperations } from './share-operations.js'

export function folderOperations(deps: ShareDeps): ShareOperations {
  return {
    async create(ctx, input) {
      demandOperator(ctx.caller, 'Making folders')
      const id = await ctx.store.transaction(async (tx) => await createFolderIn(tx, ctx, input))
      await makeDirectory(ctx, deps.hub, id)
      return { ids: [id] }
    },
    ...commonOperations('folder', deps, moved),
  }
}

async function createFolderIn(tx: Tx, ctx: CallContext, input: Input): Promise<string> {
  const name = textOf(input, 'name').trim() || textOf(input, 'code').trim()
  // A name is one directory, whatever characters it has.
  const fallback = name === '' ? '' : `./${name.replaceAll(/[/\\]/g, '-')}`
  const { volume, path } = await placeShare(tx, ctx, 'folder', input, fallback)
  const id = await insertShare(tx, ctx, input, {
    kind: 'folder',
    parent: volume.id,
    path,
    nameless: path.slice(path.lastIndexOf('/') + 1),
  })
  await noteChange(tx, ctx, { entitytype: 'folder', id, change: 'created', details: input })
  return id
}

/** Another path, on the same volume unless it names another one. Files stay where they are. */
export async function moved(tx: Tx, ctx: CallContext, share: SharedRow, changes: Input): Promise<object> {
  if (textOf(changes, 'path') === '') return {}
  const kind = share.kind === 'home' ? 'home' : 'folder'
  const written = textOf(changes, 'path')
  const relative = /^[a-z]+[=:]/i.test(written) ? {} : { parent: share.parent }
  const { volume, path } = await placeShare(tx, ctx, kind, { ...relative, path: written }, '')
  return { parent: volume.id, path }
}
