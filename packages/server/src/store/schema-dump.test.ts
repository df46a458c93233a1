import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isTable, tableScopes } from './narrowing/tables.js'
import type { Schema } from './schema.js'
import { dumpSchema } from './schema-dump.js'
import { type TestDatabase, testDatabases } from './testing.js'

type Columns = { readonly [T in keyof Schema]: Readonly<Record<keyof Schema[T], true>> }

describe.each(testDatabases())('the schema on $name', (kind) => {
  describe.skipIf(kind.missing)('after all migrations', () => {
    let database: TestDatabase
    beforeAll(async () => {
      database = await kind.create()
    })
    afterAll(() => database.drop())

    /** After a new migration: `UPDATE_SCHEMA=1 npx vitest run --project unit schema-dump`, and look at the diff. */
    it('is the one that is committed', async () => {
      const file = new URL(`./schema.${kind.name}.sql`, import.meta.url)
      const dump = await dumpSchema(database.store)
      if (process.env.UPDATE_SCHEMA !== undefined) await writeFile(file, dump)
      expect(dump).toBe(await readFile(file, 'utf8'))
    })

    it('has the columns that the types say', async () => {
      const tables = await database.store.installation.introspection.getTables()
      const found = Object.fromEntries(
        tables.map(({ name, columns: all }) => [name, all.map((column) => column.name).sort()]),
      )
      const typed = Object.entries(columns).map(([name, all]) => [name, Object.keys(all).sort()])
      expect(found).toEqual(Object.fromEntries(typed))
    })

    it('has a workspace column wherever a workspace is narrowed by it', async () => {
      const tables = await database.store.installation.introspection.getTables()
      for (const { name, columns: all } of tables) {
        const scope = isTable(name) ? tableScopes[name] : undefined
        expect([name, all.some((column) => column.name === 'workspace')]).toEqual([name, scope === 'column'])
      }
    })

    it('stays when migrated again, by several at once', async () => {
      const before = await dumpSchema(database.store)
      const others = [await database.reopen(), await database.reopen()]
      await Promise.all([database.store, ...others].map((store) => store.migrate()))
      expect(await dumpSchema(database.store)).toBe(before)
    })
  })
})

/** Checked by the compiler against the types, and above against the databases. */
const columns: Columns = {
  account: { id: true, email: true, name: true, created: true },
  api_key: {
    id: true,
    account: true,
    name: true,
    hash: true,
    created: true,
    expires: true,
    revoked: true,
    last_used: true,
  },
  workspace: {
    id: true,
    code: true,
    name: true,
    description: true,
    status: true,
    metadata: true,
    created: true,
    creator: true,
    modified: true,
    modifier: true,
  },
  user: {
    id: true,
    workspace: true,
    code: true,
    name: true,
    description: true,
    metadata: true,
    created: true,
    creator: true,
    modified: true,
    modifier: true,
    account: true,
    role: true,
    status: true,
    inactive: true,
    queue: true,
    logged_in: true,
  },
  site: {
    id: true,
    workspace: true,
    code: true,
    name: true,
    description: true,
    metadata: true,
    created: true,
    creator: true,
    modified: true,
    modifier: true,
    main: true,
    status: true,
  },
  client: {
    id: true,
    workspace: true,
    code: true,
    name: true,
    description: true,
    metadata: true,
    created: true,
    creator: true,
    modified: true,
    modifier: true,
    type: true,
    user: true,
    site: true,
    os: true,
    username: true,
    version: true,
    wan_ip: true,
    addresses: true,
    roles: true,
    machine: true,
    online: true,
    disabled: true,
    last_checkin: true,
    metrics: true,
  },
  share: {
    id: true,
    workspace: true,
    code: true,
    name: true,
    description: true,
    metadata: true,
    created: true,
    creator: true,
    modified: true,
    modifier: true,
    kind: true,
    parent: true,
    is_default: true,
    path: true,
    paths: true,
    user: true,
    queue: true,
    email: true,
    status: true,
    inactive: true,
  },
  share_server: {
    id: true,
    workspace: true,
    share: true,
    client: true,
    site: true,
    path: true,
    created: true,
  },
  acl: {
    id: true,
    workspace: true,
    user: true,
    share: true,
    paths: true,
    notify: true,
    message: true,
    description: true,
    inactive: true,
    acknowledged: true,
    created: true,
    creator: true,
    modified: true,
    modifier: true,
  },
  job: {
    id: true,
    workspace: true,
    code: true,
    name: true,
    description: true,
    metadata: true,
    created: true,
    creator: true,
    modified: true,
    modifier: true,
    kind: true,
    parent: true,
    delivery: true,
    user: true,
    modifier_user: true,
    status: true,
    reason: true,
    reason_hr: true,
    reason_entity: true,
    population: true,
    position: true,
    priority: true,
    is_default: true,
    compute_default: true,
    source_type: true,
    source_id: true,
    source_client: true,
    destination_type: true,
    destination_id: true,
    destination_client: true,
    mirrored: true,
    hooks: true,
    shares: true,
    size: true,
    transferred: true,
    speed: true,
    etr: true,
    started: true,
    finished: true,
    measured: true,
    paused_by_hand: true,
    retries: true,
    not_before: true,
    run: true,
    tasks_total: true,
    tasks_pending: true,
    tasks_queued: true,
    tasks_booting: true,
    tasks_executing: true,
    tasks_failed: true,
    tasks_onhold: true,
    tasks_excluded: true,
    tasks_done: true,
  },
  task: {
    id: true,
    workspace: true,
    job: true,
    seq: true,
    uri: true,
    status: true,
    reason: true,
    reason_hr: true,
    priority: true,
    source: true,
    destination: true,
    fingerprint: true,
    measured: true,
    size: true,
    transferred: true,
    files: true,
    time: true,
    tries: true,
    run: true,
    created: true,
    finished: true,
    modified: true,
    metadata: true,
  },
  setting: { id: true, workspace: true, entitytype: true, entity: true, name: true, value: true },
  log: {
    id: true,
    workspace: true,
    job: true,
    task: true,
    level: true,
    code: true,
    message: true,
    created: true,
  },
  event: { seq: true, workspace: true, entitytype: true, entity: true, change: true, created: true },
  seen_event: { workspace: true, ident: true, eid: true, created: true, answer: true },
  lease: {
    workspace: true,
    job: true,
    run: true,
    pair: true,
    slot: true,
    session: true,
    source_client: true,
    destination_client: true,
    owner: true,
    expires: true,
    created: true,
  },
}
