import type { Store } from '../store/store.js'

const day = 86_400_000

/**
 * Forgets lines of the audit log that are older than the workspace wants to keep them (`audit_keep_days`);
 * without that setting they are kept for ever.
 */
export async function purgeAudit(store: Store, now: number): Promise<void> {
  const wishes = await store.installation
    .selectFrom('setting')
    .select(['workspace', 'value'])
    .where('entitytype', '=', 'workspace')
    .where('name', '=', 'audit_keep_days')
    .execute()
  for (const { workspace, value } of wishes) {
    const days = Number(value)
    if (!(days > 0)) continue
    await store
      .workspace(workspace)
      .db.deleteFrom('audit')
      .where('created', '<', now - days * day)
      .execute()
  }
}
