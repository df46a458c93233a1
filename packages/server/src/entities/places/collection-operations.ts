import { newId, WaybillError } from '@waybill/api'
import { WHOLE } from '../../access/grants.js'
import { loadRights, mayManage } from '../../access/rights.js'
import { noteChange } from '../../audit/note-change.js'
import type { CallContext } from '../../context.js'
import type { Tx } from '../../store/store.js'
import { demandOperator } from '../authority.js'
import { madeBy, textOf } from '../engine/columns.js'
import { addFilesIn } from './collection-files.js'
import { insertShare } from './new-share.js'
import { commonOperations, readShare, type ShareDeps, type ShareOperations } from './share-operations.js'

export interface CollectionOperations extends ShareOperations {
  /** Puts paths into a collection: any that the caller may read, none that is absolute. */
  addFiles(ctx: CallContext, id: string, files: unknown): Promise<void>
  /** Takes files out, by their ids; `not_found` unless all of them are in it. */
  removeFiles(ctx: CallContext, id: string, files: readonly string[]): Promise<void>
}

export function collectionOperations(deps: ShareDeps): CollectionOperations {
  return {
    async create(ctx, input) {
      demandOperator(ctx.caller, 'Making collections')
      const id = await ctx.store.transaction(async (tx) => {
        const made = await insertShare(tx, ctx, input, {
          kind: 'collection',
          parent: null,
          path: '',
          nameless: textOf(input, 'code'),
        })
        await addFilesIn(tx, ctx, made, input.files)
        // Rights on a collection come from ACLs: an employee gets one on what he made.
        if (ctx.caller.role !== 'admin') await insertOwnAcl(tx, ctx, made)
        await noteChange(tx, ctx, { entitytype: 'collection', id: made, change: 'created', details: input })
        return made
      })
      return { ids: [id] }
    },

    ...commonOperations('collection', deps),

    async addFiles(ctx, id, files) {
      await ctx.store.transaction(async (tx) => {
        await demandManaged(tx, ctx, id)
        await addFilesIn(tx, ctx, id, files)
        const note = { entitytype: 'collection', id, as: 'files added', details: { files } } as const
        await noteChange(tx, ctx, { ...note, change: 'changed' })
      })
    },

    async removeFiles(ctx, id, files) {
      await ctx.store.transaction(async (tx) => {
        await demandManaged(tx, ctx, id)
        for (const file of new Set(files)) {
          const { numDeletedRows } = await tx
            .deleteFrom('collection_file')
            .where('collection', '=', id)
            .where('id', '=', file)
            .executeTakeFirst()
          if (numDeletedRows === 0n) {
            throw new WaybillError('not_found', `There is no file ${JSON.stringify(file)} in this collection`)
          }
        }
        const note = { entitytype: 'collection', id, as: 'files removed', details: { files } } as const
        await noteChange(tx, ctx, { ...note, change: 'changed' })
      })
    },
  }
}

async function demandManaged(tx: Tx, ctx: CallContext, id: string): Promise<void> {
  const collection = await readShare(tx, 'collection', id)
  if (mayManage(await loadRights(tx, ctx.caller), id)) return
  throw new WaybillError('forbidden', `Changing what is in ${collection.code} needs the right to write there`)
}

async function insertOwnAcl(tx: Tx, ctx: CallContext, share: string): Promise<void> {
  await tx
    .insertInto('acl')
    .values({
      id: newId(ctx.now),
      workspace: ctx.workspace.id,
      user: ctx.caller.user,
      share,
      paths: JSON.stringify([WHOLE]),
      notify: 0,
      message: '',
      description: '',
      inactive: 0,
      acknowledged: null,
      ...madeBy(ctx),
    })
    .execute()
}
