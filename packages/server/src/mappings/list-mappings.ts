import { formatDate } from '@waybill/api'
import type { CallContext } from '../context.js'
import { rowsVisibleTo, visibleRows } from '../entities/authority.js'
import { builder } from '../entities/engine/find.js'
import type { Json } from '../entities/engine/present.js'

/** Most mappings in one answer; nobody has as many. */
const most = 10_000

/** The mappings that a caller sees: his own, and those on machines and of shares that he sees. */
export async function listMappings(ctx: CallContext): Promise<readonly Json[]> {
  const clients = visibleRows('client', ctx.caller)
  const shares = await Promise.all(
    (['volume', 'folder', 'home'] as const).map(async (kind) => {
      const visible = await rowsVisibleTo(ctx, kind)
      const isKind = builder('share.kind', '=', kind)
      return visible === undefined ? isKind : builder.and([isKind, visible(builder)])
    }),
  )
  const own = builder('client.user', '=', ctx.caller.user)
  const others = builder.and([clients?.(builder) ?? builder.lit(true), builder.or(shares)])
  const rows = await ctx.store.db
    .selectFrom('mapping')
    .innerJoin('client', 'client.id', 'mapping.client')
    .innerJoin('user', 'user.id', 'client.user')
    .innerJoin('share', 'share.id', 'mapping.share')
    .select(['mapping.id', 'mapping.path', 'mapping.read', 'mapping.write'])
    .select(['mapping.created', 'mapping.modified', 'mapping.creator', 'mapping.modifier'])
    .select(['client.id as client', 'client.code as host', 'user.id as user', 'user.code as email'])
    .select(['share.id as share', 'share.kind', 'share.code'])
    .where(builder.or([own, others]))
    .orderBy('mapping.id')
    .limit(most)
    .execute()
  return rows.map(({ host, email, kind, code, read, write, created, modified, ...row }) => ({
    ...row,
    client_hr: host,
    user_hr: email,
    share_hr: `${kind}=${code}`,
    read: read === 1,
    write: write === 1,
    created: formatDate(created),
    modified: formatDate(modified),
  }))
}
