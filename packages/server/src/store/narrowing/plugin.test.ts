import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
} from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Schema } from '../schema.js'
import { createSqlite, type TestDatabase } from '../testing.js'
import { WorkspacePlugin } from './plugin.js'

/** Compiles, and runs nothing. */
const db = new Kysely<Schema>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (each) => new PostgresIntrospector(each),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
  plugins: [new WorkspacePlugin('w')],
})

const setting = { id: 's', entitytype: 'job', entity: 'j', name: 'n', value: 'v' }

describe('narrowing to a workspace', () => {
  it.each([
    ['select', db.selectFrom('site').select('id'), 'select "id" from "site" where "site"."workspace" = $1'],
    [
      'an OR, in parentheses',
      db
        .selectFrom('site')
        .select('id')
        .where((eb) => eb.or([eb('id', '=', 'a'), eb('id', '=', 'b')])),
      'select "id" from "site" where "site"."workspace" = $1 and (("id" = $2 or "id" = $3))',
    ],
    [
      'several sources',
      db.selectFrom(['site', 'user as u']).select('u.id'),
      'select "u"."id" from "site", "user" as "u" where "site"."workspace" = $1 and "u"."workspace" = $2',
    ],
    [
      'a left join, which stays one',
      db.selectFrom('user').leftJoin('site as s', 's.code', 'user.code').select('s.id'),
      'select "s"."id" from "user" left join "site" as "s" on "s"."workspace" = $1 and ("s"."code" = "user"."code") where "user"."workspace" = $2',
    ],
    [
      'a common table expression',
      db
        .with('named', (own) => own.selectFrom('site').select('id'))
        .selectFrom('named')
        .selectAll(),
      'with "named" as (select "id" from "site" where "site"."workspace" = $1) select * from "named"',
    ],
    [
      'an update',
      db.updateTable('task').set({ status: 'done' }).where('id', '=', 't'),
      'update "task" set "status" = $1 where "task"."workspace" = $2 and ("id" = $3)',
    ],
    [
      'an update from another table',
      db.updateTable('task as t').from('job').set({ status: 'done' }).whereRef('job.id', '=', 't.job'),
      'update "task" as "t" set "status" = $1 from "job" where "t"."workspace" = $2 and "job"."workspace" = $3 and ("job"."id" = "t"."job")',
    ],
    ['a delete', db.deleteFrom('task'), 'delete from "task" where "task"."workspace" = $1'],
    [
      'a delete using another table',
      db.deleteFrom('task').using('job').whereRef('job.id', '=', 'task.job'),
      'delete from "task" using "job" where "task"."workspace" = $1 and "job"."workspace" = $2 and ("job"."id" = "task"."job")',
    ],
    [
      'its own row',
      db.selectFrom('workspace').select('code'),
      'select "code" from "workspace" where "workspace"."id" = $1',
    ],
  ])('%s', (_, query, expected) => {
    const compiled = query.compile()
    expect(compiled.sql).toBe(expected)
    expect(compiled.parameters).toContain('w')
  })

  it('gives inserts its id, and an upsert no row of others', () => {
    const insert = db.insertInto('setting').values({ ...setting, workspace: 'w' })
    const upsert = insert.onConflict((on) => on.column('id').doUpdateSet({ value: 'x' }))
    expect(upsert.compile().sql).toMatch(/do update set "value" = \$7 where "setting"."workspace" = \$8$/)
  })

  it.each<[string, () => { compile(): unknown }]>([
    ['accounts', () => db.selectFrom('account').selectAll()],
    [
      'keys in a sub-query',
      () => db.selectFrom('user').select((eb) => eb.selectFrom('api_key').select('id').as('k')),
    ],
    [
      'a row for another workspace',
      () => db.insertInto('setting').values({ ...setting, workspace: 'other' }),
    ],
    [
      'one for another workspace among others',
      () =>
        db.insertInto('setting').values([
          { ...setting, workspace: 'w' },
          { ...setting, workspace: 'other' },
        ]),
    ],
    ['a computed workspace', () => db.insertInto('setting').values({ ...setting, workspace: sql`'w'` })],
    ['a row that moves', () => db.updateTable('site').set({ workspace: 'other' })],
    ['its own id', () => db.updateTable('workspace').set({ id: 'other' })],
    [
      'an upsert that moves a row',
      () =>
        db
          .insertInto('setting')
          .values({ ...setting, workspace: 'w' })
          .onConflict((on) => on.column('id').doUpdateSet({ workspace: 'other' })),
    ],
    ['a new workspace', () => db.insertInto('workspace').values({ id: 'x' } as never)],
    ['an end of the workspace', () => db.deleteFrom('workspace')],
    ['replace', () => db.replaceInto('setting').values({ ...setting, workspace: 'w' })],
    [
      'insert or replace',
      () =>
        db
          .insertInto('setting')
          .orReplace()
          .values({ ...setting, workspace: 'w' }),
    ],
    ['a right join', () => db.selectFrom('site').rightJoin('user', 'user.id', 'site.id').select('user.id')],
    ['a full join', () => db.selectFrom('site').fullJoin('user', 'user.id', 'site.id').select('user.id')],
    ['merge', () => db.mergeInto('site').using('user', 'user.id', 'site.id').whenMatched().thenDelete()],
    ['a schema change', () => db.schema.dropTable('site')],
    ['another schema', () => db.withSchema('other').selectFrom('site').selectAll()],
    [
      'an expression that hides a table',
      () =>
        db
          .with('site', (own) => own.selectFrom('user').select('id'))
          .selectFrom('site')
          .selectAll(),
    ],
    ['an unknown table', () => db.selectFrom('elsewhere' as 'site').selectAll()],
    ['a table in raw SQL', () => ({ compile: () => sql`select * from site`.compile(db) })],
    [
      'a table handed to raw SQL',
      () => db.selectFrom(sql<{ id: string }>`${sql.table('site')}`.as('s')).select('s.id'),
    ],
    [
      'raw SQL that joins',
      () => db.selectFrom('site').select(sql`(select 1 join ${sql.id('account')})`.as('x')),
    ],
  ])('refuses %s', (_, query) => {
    expect(() => query().compile()).toThrow(/workspace|schema|hides|Unknown table|replaces/)
  })

  it('takes raw SQL that names no table', () => {
    const query = db
      .selectFrom('site')
      .select(sql`count(*)`.as('n'))
      .where(sql<boolean>`code is distinct from ${'x'}`)
    expect(query.compile().sql).toContain('is distinct from $2')
  })

  // The plugin cannot be taken off by those that it is there for.
  it('is left on outside of store/ and access/', async () => {
    const root = new URL('../..', import.meta.url).pathname
    const files = await readdir(root, { recursive: true })
    const others = files.filter((file) => file.endsWith('.ts') && !/^(store|access)\//.test(file))
    for (const file of others) {
      const text = await readFile(join(root, file), 'utf8')
      expect([file, /withoutPlugins|beyondWorkspace/.test(text)]).toEqual([file, false])
    }
  })
})

describe('on a shared database', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createSqlite()
    await database.store
      .workspace('other')
      .db.insertInto('setting')
      .values({ ...setting, workspace: 'other' })
      .execute()
  })
  afterAll(() => database.drop())

  it('an upsert that meets a row of another workspace leaves it alone', async () => {
    const { db: own } = database.store.workspace('w')
    await own
      .insertInto('setting')
      .values({ ...setting, workspace: 'w', value: 'stolen' })
      .onConflict((on) => on.column('id').doUpdateSet({ value: 'stolen' }))
      .execute()
    expect(await own.selectFrom('setting').selectAll().execute()).toEqual([])
    expect(await database.store.installation.selectFrom('setting').select('value').execute()).toEqual([
      { value: 'v' },
    ])
  })
})
