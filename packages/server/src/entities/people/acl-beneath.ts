import type { Comparison, Expression } from '@waybill/api'
import { type SqlBool, sql } from 'kysely'
import type { CallContext } from '../../context.js'
import { rowsVisibleTo } from '../authority.js'
import { builder } from '../engine/find.js'

/**
 * A query for ACLs that takes what lies beneath along: where it compares the target with a share, the shares
 * beneath that one, and on it when it is a volume, are meant, too.
 */
export async function widened(ctx: CallContext, tree: Expression): Promise<Expression> {
  if (tree.kind === 'not') return { ...tree, part: await widened(ctx, tree.part) }
  if (tree.kind !== 'comparison') {
    return { ...tree, parts: await Promise.all(tree.parts.map(async (part) => await widened(ctx, part))) }
  }
  return isOnTarget(tree) ? await withBeneath(ctx, tree) : tree
}

function isOnTarget({ attribute, operator }: Comparison): boolean {
  return attribute.length === 1 && attribute[0] === 'target' && (operator === '=' || operator === 'in')
}

async function withBeneath(ctx: CallContext, comparison: Comparison): Promise<Comparison> {
  const values = 'values' in comparison ? comparison.values : [comparison.value]
  const { kind, attribute, column, operatorColumn } = comparison
  const more = await Promise.all(
    values.map(async (value) => {
      const ids = await sharesBeneath(ctx, value.text.replace(/^[a-z]+:/i, '').toLowerCase())
      return ids.map((text) => ({ text, column: value.column }))
    }),
  )
  return { kind, attribute, column, operatorColumn, operator: 'in', values: [...values, ...more.flat()] }
}

/** By the id or code of a share that the caller sees: the ids of those that lie beneath it. */
async function sharesBeneath(ctx: CallContext, name: string): Promise<string[]> {
  const visible = await rowsVisibleTo(ctx, 'folder')
  const rows = await ctx.store.db
    .selectFrom('share as top')
    .innerJoin('share', (join) =>
      join.on((eb) =>
        eb.or([
          eb('share.parent', '=', eb.ref('top.id')),
          eb.and([
            eb('top.kind', 'in', ['folder', 'home']),
            eb('share.parent', '=', eb.ref('top.parent')),
            sql<SqlBool>`substr(${sql.ref('share.path')}, 1, length(${sql.ref('top.path')}) + 1) = ${sql.ref('top.path')} || '/'`,
          ]),
        ]),
      ),
    )
    .select('share.id')
    .where((eb) => eb.or([eb('top.id', '=', name), eb('top.code', '=', name)]))
    .$if(visible !== undefined, (query) => query.where(visible?.(builder) ?? builder.lit(true)))
    .execute()
  return rows.map(({ id }) => id)
}
