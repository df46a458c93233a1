import type { AgentHub } from '../../agents/hub.js'
import type { CallContext } from '../../context.js'

/** For the agent's answer, milliseconds: nobody waits long for a directory that the first use would make, too. */
const patience = 5000

/**
 * Makes the directory of a folder or home where a server of its volume is connected, the main site's first.
 * Otherwise, and where it cannot be made, the share is there all the same: the first transfer to it makes the
 * directory, or says why it cannot. Asks the agent, so never within a transaction.
 */
export async function makeDirectory(ctx: CallContext, hub: AgentHub, share: string): Promise<void> {
  const places = await ctx.store.db
    .selectFrom('share')
    .innerJoin('share_server', 'share_server.share', 'share.parent')
    .innerJoin('site', 'site.id', 'share_server.site')
    .select(['share.path', 'share_server.client', 'share_server.path as root'])
    .where('share.id', '=', share)
    .orderBy('site.main', 'desc')
    .orderBy('share_server.id')
    .execute()
  const place = places.find(({ client }) => hub.isOnline(client))
  if (place === undefined) return
  const { client, root, path } = place
  await hub
    .request(client, 'files.mkdir', { root, exact: true, path }, { timeoutMs: patience })
    .catch(() => undefined)
}
