import type { Schema } from '../schema.js'

/**
 * How the tables stand to workspaces: `column` has a column `workspace`; `itself` is the workspace's own row,
 * which it may read and change; `beyond` is out of reach.
 */
export const tableScopes: Readonly<Record<keyof Schema, 'column' | 'itself' | 'beyond'>> = {
  account: 'beyond',
  api_key: 'beyond',
  web_session: 'beyond',
  invitation: 'column',
  mail: 'column',
  workspace: 'itself',
  user: 'column',
  site: 'column',
  client: 'column',
  share: 'column',
  share_server: 'column',
  collection_file: 'column',
  mapping: 'column',
  acl: 'column',
  job: 'column',
  task: 'column',
  setting: 'column',
  log: 'column',
  recipient: 'column',
  audit: 'column',
  event: 'column',
  seen_event: 'column',
  lease: 'column',
  manifest: 'column',
}

/** The column by which a table is narrowed; undefined when it is none of ours. */
export function scopeColumn(table: string): 'workspace' | 'id' | undefined {
  if (!isTable(table)) return undefined
  const scope = tableScopes[table]
  if (scope === 'beyond') throw new Error(`Table "${table}" is out of reach of a workspace's store`)
  return scope === 'itself' ? 'id' : 'workspace'
}

export function isTable(name: string): name is keyof Schema {
  return Object.hasOwn(tableScopes, name)
}
