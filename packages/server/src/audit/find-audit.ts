import { formatDate, isEntityId } from '@waybill/api'
import { sql } from 'kysely'
import type { CallContext } from '../context.js'
import { builder } from '../entities/engine/find.js'
import type { Json } from '../entities/engine/present.js'
import type { Condition } from '../query/binding.js'
import { textSql } from '../query/text-sql.js'

/** What is looked for in the audit log; what is absent makes no difference. */
export interface AuditFilter {
  /** Email or id of who did it. */
  readonly who?: string | undefined
  readonly entity?: string | undefined
  readonly entitytype?: string | undefined
  readonly change?: string | undefined
  /** From this moment on, and before that one. Milliseconds since 1970. */
  readonly from?: number | undefined
  readonly to?: number | undefined
  /** Anywhere in details, device and address, in any case. */
  readonly text?: string | undefined
  readonly limit?: number | undefined
  readonly skip?: number | undefined
}

export const auditColumns = [
  'id',
  'created',
  'user',
  'email',
  'role',
  'device',
  'address',
  'entitytype',
  'entity',
  'change',
  'details',
] as const

const pageSize = 500
/** Wildcards and case cost nothing here; regular expressions, which could, are not offered. */
const noBudget = 0

/** Lines of the audit log, the latest first, page by page. Never an empty page. */
export async function* findAudit(
  ctx: CallContext,
  filter: AuditFilter,
): AsyncGenerator<readonly Json[], void> {
  const conditions = conditionsOf(ctx, filter)
  const { limit = Number.POSITIVE_INFINITY, skip = 0 } = filter
  let before: string | undefined
  for (let left = limit; left > 0; ) {
    const size = Math.min(pageSize, left)
    let query = ctx.store.db.selectFrom('audit').select(auditColumns).orderBy('id', 'desc').limit(size)
    for (const condition of conditions) query = query.where(condition(builder))
    if (before !== undefined) query = query.where('id', '<', before)
    else if (skip > 0) query = query.offset(skip)
    const rows = await query.execute()
    if (rows.length > 0) {
      yield rows.map((row) => ({
        ...row,
        created: formatDate(row.created),
        details: row.details === null ? {} : (JSON.parse(row.details) as unknown),
      }))
    }
    if (rows.length < size) return
    left -= rows.length
    before = rows.at(-1)?.id
  }
}

function conditionsOf(ctx: CallContext, filter: AuditFilter): readonly Condition[] {
  const { who, entity, entitytype, change, from, to, text } = filter
  const conditions: Condition[] = []
  if (who !== undefined) {
    const name = who.trim().toLowerCase()
    const column = isEntityId(name) ? 'audit.user' : 'audit.email'
    conditions.push((eb) => eb(column, '=', name))
  }
  if (entity !== undefined) conditions.push((eb) => eb('audit.entity', '=', entity.toLowerCase()))
  if (entitytype !== undefined) conditions.push((eb) => eb('audit.entitytype', '=', entitytype.toLowerCase()))
  if (change !== undefined) conditions.push((eb) => eb('audit.change', '=', change.toLowerCase()))
  if (from !== undefined) conditions.push((eb) => eb('audit.created', '>=', from))
  if (to !== undefined) conditions.push((eb) => eb('audit.created', '<', to))
  if (text !== undefined && text !== '') {
    const compare = textSql({ dialect: ctx.store.dialect, workspace: ctx.workspace }, noBudget)
    const columns = ['details', 'device', 'address', 'email'] as const
    conditions.push((eb) =>
      eb.or(columns.map((column) => compare.contains(sql`coalesce(${eb.ref(`audit.${column}`)}, '')`, text))),
    )
  }
  return conditions
}
