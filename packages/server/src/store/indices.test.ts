import { type CompiledQuery, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Store } from './store.js'
import { createSqlite, type TestDatabase } from './testing.js'

/** The queries that run all the time, or over the largest tables, each with the index that carries it. */
describe('the plan of a query', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createSqlite()
  })
  afterAll(() => database.drop())

  it.each<[string, string, (store: Store) => { compile(): CompiledQuery }]>([
    [
      'the next page of live transfers',
      'job_kind_population_id_idx (workspace=? AND kind=? AND population=? AND id<?)',
      (store) =>
        ofWorkspace(store)
          .selectFrom('job')
          .selectAll()
          .where('kind', '=', 'transfer')
          .where('population', '=', 'live')
          .where('id', '<', 'x')
          .orderBy('id', 'desc')
          .limit(100),
    ],
    [
      'the jobs of a queue, in order',
      'job_parent_population_position_id_idx (workspace=? AND parent=? AND population=?)',
      (store) =>
        ofWorkspace(store)
          .selectFrom('job')
          .selectAll()
          .where('parent', '=', 'q')
          .where('population', '=', 'live')
          .orderBy('position')
          .orderBy('id'),
    ],
    [
      'the next bucket of tasks',
      'task_job_status_priority_seq_idx (workspace=? AND job=? AND status=?)',
      (store) =>
        ofWorkspace(store)
          .selectFrom('task')
          .selectAll()
          .where('job', '=', 'j')
          .where('status', '=', 'queued')
          .orderBy('priority', 'desc')
          .orderBy('seq')
          .limit(500),
    ],
    [
      'the next page of tasks',
      'task_job_seq_key (workspace=? AND job=? AND seq>?)',
      (store) =>
        ofWorkspace(store)
          .selectFrom('task')
          .selectAll()
          .where('job', '=', 'j')
          .where('seq', '>', 9)
          .orderBy('seq')
          .limit(100),
    ],
    [
      'the live jobs from an endpoint',
      'job_source_client_population_idx (workspace=? AND source_client=? AND population=?)',
      (store) =>
        ofWorkspace(store)
          .selectFrom('job')
          .selectAll()
          .where('source_client', '=', 'c')
          .where('population', '=', 'live'),
    ],
    [
      'what is due for the archive',
      'job_population_finished_idx (workspace=? AND population=? AND finished<?)',
      (store) =>
        ofWorkspace(store)
          .selectFrom('job')
          .select('id')
          .where('population', '=', 'finished')
          .where('finished', '<', 1),
    ],
    [
      "a job's log",
      'log_job_id_idx (workspace=? AND job=? AND id>?)',
      (store) =>
        ofWorkspace(store)
          .selectFrom('log')
          .selectAll()
          .where('job', '=', 'j')
          .where('id', '>', 'x')
          .orderBy('id'),
    ],
    [
      'the events after a cursor',
      'event_seq_idx (workspace=? AND seq>?)',
      (store) =>
        ofWorkspace(store).selectFrom('event').selectAll().where('seq', '>', 9).orderBy('seq').limit(100),
    ],
    [
      'a key',
      'api_key_hash_key (hash=?)',
      (store) => store.installation.selectFrom('api_key').selectAll().where('hash', '=', 'x'),
    ],
  ])('for %s', async (_, index, query) => {
    const plan = await planOf(database.store, query(database.store).compile())
    expect(plan).toContain(index)
    expect(plan).not.toMatch(/TEMP B-TREE|^SCAN/)
  })

  it.each([
    ['task', 'job'],
    ['log', 'job'],
    ['lease', 'job'],
    ['acl', 'user'],
    ['acl', 'share'],
    ['share_server', 'client'],
  ] as const)('finds the rows of %s that go with their %s', async (table, owner) => {
    const query = database.store.installation
      .selectFrom(table)
      .select('workspace')
      .where('workspace', '=', 'w')
      .where(sql.ref(owner), '=', 'x')
    expect(await planOf(database.store, query.compile())).toMatch(
      new RegExp(`\\(workspace=\\? AND ${owner}=\\?`),
    )
  })
})

function ofWorkspace(store: Store) {
  return store.workspace('w').db
}

async function planOf(store: Store, { sql: text, parameters }: CompiledQuery): Promise<string> {
  const parts = text.split('?')
  const query = parts.map((part, index) =>
    index === 0 ? sql.raw(part) : sql`${parameters[index - 1]}${sql.raw(part)}`,
  )
  const { rows } = await sql<{ detail: string }>`explain query plan ${sql.join(query, sql``)}`.execute(
    store.installation,
  )
  return rows.map(({ detail }) => detail).join('\n')
}
