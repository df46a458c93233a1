import { noteChange } from '../../audit/note-change.js'
import { demandAdmin } from '../authority.js'
import { codeFor } from '../engine/code.js'
import { changedBy, describedColumns } from '../engine/columns.js'
import type { EntityOperations } from '../operations.js'

export const workspaceOperations: EntityOperations = {
  async update(ctx, id, changes) {
    demandAdmin(ctx.caller, 'Changing the workspace')
    await ctx.store.transaction(async (tx) => {
      const code = changes.code === undefined ? {} : { code: codeFor('workspace', changes.code, undefined) }
      await tx
        .updateTable('workspace')
        .set({ ...describedColumns(changes), ...code, ...changedBy(ctx) })
        .where('id', '=', id)
        .execute()
      await noteChange(tx, ctx, { entitytype: 'workspace', id, change: 'changed', details: changes })
    })
  },
}
