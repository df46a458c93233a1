import type { CallContext } from '../../../context.js'

/** One server that serves a volume, as `siteservers` and `volume/servers` show it. */
export interface Assignment {
  readonly site: string
  readonly site_hr: string
  readonly client: string
  readonly client_hr: string
  readonly path: string
}

/** Which servers serve these volumes, by volume id; the main site's too when `main`. */
export async function assignments(
  ctx: CallContext,
  volumes: readonly string[],
  { main }: { readonly main: boolean },
): Promise<ReadonlyMap<string, readonly Assignment[]>> {
  let query = ctx.store.db
    .selectFrom('share_server')
    .innerJoin('site', 'site.id', 'share_server.site')
    .innerJoin('client', 'client.id', 'share_server.client')
    .select([
      'share_server.share',
      'share_server.path',
      'share_server.site',
      'share_server.client',
      'site.code as site_code',
      'client.code as client_code',
    ])
    .where('share_server.share', 'in', volumes)
    .orderBy('share_server.id')
  if (!main) query = query.where('site.main', '=', 0)
  const found = new Map<string, Assignment[]>()
  for (const row of await query.execute()) {
    const { share, site, client, path } = row
    const assignment = {
      site,
      site_hr: `site:${row.site_code}(${site})`,
      client,
      client_hr: `server:${row.client_code}(${client})`,
      path,
    }
    found.set(share, [...(found.get(share) ?? []), assignment])
  }
  return found
}

export async function siteServers(ctx: CallContext, volumes: readonly string[]) {
  return await assignments(ctx, volumes, { main: false })
}
