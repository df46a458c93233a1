import fc from 'fast-check'
import {
  type Expression,
  expressionBuilder,
  type Kysely,
  type SelectQueryBuilder,
  type SqlBool,
  sql,
} from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Schema } from '../schema.js'
import { createSqlite, type TestDatabase } from '../testing.js'

/**
 * The oracle: a narrowed query on a database that two workspaces share gives what the plain query gives on
 * one that holds only the one workspace. Generated queries, to any shape that kysely builds for us.
 */
type Source = 'setting' | 'event' | 'seen_event'

/** Text columns; the first tells rows apart as well as we need. */
const textColumns = {
  setting: ['id', 'entity', 'name', 'value'],
  event: ['entity', 'entitytype'],
  seen_event: ['eid', 'ident', 'answer'],
} as const satisfies Record<Source, readonly string[]>

interface Select {
  readonly from: Source
  readonly joins: readonly {
    readonly type: 'inner' | 'left' | 'cross'
    readonly table: Source
    readonly on: Condition
  }[]
  readonly where: Condition
  readonly through: 'table' | 'subquery' | 'expression'
  readonly union: Select | undefined
}

type Condition =
  | { readonly kind: 'equal'; readonly column: number; readonly value: string }
  | { readonly kind: 'same'; readonly left: number; readonly right: number }
  | { readonly kind: 'in' | 'exists'; readonly select: Select }
  | { readonly kind: 'not'; readonly condition: Condition }
  | { readonly kind: 'and' | 'or'; readonly conditions: readonly Condition[] }

const source = fc.constantFrom<Source>('setting', 'event', 'seen_event')
const value = fc.constantFrom('a', 'b', 'c')

const { select, condition } = fc.letrec<{ select: Select; condition: Condition }>((tie) => ({
  select: fc.record({
    from: source,
    joins: fc.array(
      fc.record({
        type: fc.constantFrom('inner' as const, 'left' as const, 'cross' as const),
        table: source,
        on: tie('condition'),
      }),
      { maxLength: 2 },
    ),
    where: tie('condition'),
    through: fc.constantFrom('table' as const, 'subquery' as const, 'expression' as const),
    union: fc.option(tie('select'), { nil: undefined, freq: 6, maxDepth: 2, depthIdentifier: 'sql' }),
  }),
  condition: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'sql' },
    fc.record({ kind: fc.constant('equal' as const), column: fc.nat(9), value }),
    fc.record({ kind: fc.constant('same' as const), left: fc.nat(9), right: fc.nat(9) }),
    fc.record({ kind: fc.constantFrom('in' as const, 'exists' as const), select: tie('select') }),
    fc.record({ kind: fc.constant('not' as const), condition: tie('condition') }),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      conditions: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }),
    }),
  ),
}))

/** Names of the columns in scope, `alias.column`. */
type Scope = readonly string[]

function scopeOf(alias: string, table: Source): Scope {
  return textColumns[table].map((column) => `${alias}.${column}`)
}

let aliases = 0

function toCondition(spec: Condition, scope: Scope): Expression<SqlBool> {
  const eb = expressionBuilder<Schema>()
  const column = (index: number) => sql.ref(scope[index % scope.length] ?? '')
  switch (spec.kind) {
    case 'equal':
      return sql`${column(spec.column)} = ${spec.value}`
    case 'same':
      return sql`${column(spec.left)} = ${column(spec.right)}`
    case 'in':
      return sql`${column(1)} in ${toSelect(spec.select, scope)}`
    case 'exists':
      return eb.exists(toSelect(spec.select, scope))
    case 'not':
      return eb.not(toCondition(spec.condition, scope))
    default:
      return eb[spec.kind](spec.conditions.map((each) => toCondition(each, scope)))
  }
}

/** Tables and aliases are only known at run time; for the types, every source is a setting called `t`. */
type Alias = 'setting as t'
type Query = SelectQueryBuilder<Schema & { t: Schema['setting'] }, 't', object>

const plain = expressionBuilder<Schema>()

/** A select of one text column; `outer` are the columns of the queries around it. */
function toSelect(spec: Select, outer: Scope): Expression<{ value: string }> {
  aliases += 1
  const alias = `t${aliases}`
  const scope = [...scopeOf(alias, spec.from)]
  let query: Query = plain.selectFrom(sourceOf(spec, alias))
  spec.joins.forEach(({ type, table, on }, index) => {
    const joined = `${alias}j${index}`
    scope.push(...scopeOf(joined, table))
    query = addJoin(query, type, `${table} as ${joined}`, toCondition(on, [...scope, ...outer]))
  })
  const result = query
    .select(sql<string>`coalesce(${sql.ref(scope[0] ?? '')}, '-')`.as('value'))
    .where(toCondition(spec.where, [...scope, ...outer]))
  if (spec.union === undefined) return result
  return result.unionAll(toSelect({ ...spec.union, union: undefined }, outer))
}

function addJoin(
  query: Query,
  type: 'inner' | 'left' | 'cross',
  source: string,
  on: Expression<SqlBool>,
): Query {
  const name = source as Alias
  if (type === 'cross') return query.crossJoin(name)
  const joined = type === 'left' ? query.leftJoin(name, (join) => join.on(on)) : undefined
  return joined ?? query.innerJoin(name, (join) => join.on(on))
}

function sourceOf(spec: Select, alias: string) {
  if (spec.through === 'table') return `${spec.from} as ${alias}` as Alias
  return plain
    .selectFrom(`${spec.from} as ${alias}i` as Alias)
    .selectAll()
    .as(alias as 't')
}

async function rowsOf(db: Kysely<Schema>, spec: Select): Promise<string[]> {
  const rows = await db
    .selectFrom(sql<{ value: string }>`${toSelect(spec, [])}`.as('top'))
    .select('top.value')
    .execute()
  return rows.map(({ value: text }) => text).sort()
}

const A = 'workspace-a'
const B = 'workspace-b'

interface Rows {
  readonly setting: readonly Schema['setting'][]
  readonly event: readonly Omit<Schema['event'], 'seq'>[]
  readonly seen_event: readonly Schema['seen_event'][]
}

/** A few rows of each table, different in each workspace. */
function rowsFor(workspace: string): Rows {
  const letters = workspace === A ? ['a', 'b'] : ['b', 'c', 'a']
  const created = 1
  return {
    setting: letters.flatMap((name) =>
      letters.map((entity) => ({
        id: `${workspace} ${name}${entity}`,
        workspace,
        entitytype: 'job',
        entity,
        name,
        value: letters[0] ?? '',
      })),
    ),
    event: letters.map((entity) => ({
      workspace,
      entitytype: letters[1] ?? '',
      entity,
      change: 'created',
      created,
    })),
    seen_event: letters.map((ident) => ({ workspace, ident, eid: ident, created, answer: null })),
  }
}

async function fill(db: Kysely<Schema>, rows: Rows): Promise<void> {
  await db.insertInto('setting').values(rows.setting).execute()
  await db.insertInto('event').values(rows.event).execute()
  await db.insertInto('seen_event').values(rows.seen_event).execute()
}

async function contents(db: Kysely<Schema>, workspace: string) {
  return {
    setting: await db
      .selectFrom('setting')
      .selectAll()
      .where('workspace', '=', workspace)
      .orderBy('id')
      .execute(),
    event: await db
      .selectFrom('event')
      .select(['workspace', 'entitytype', 'entity', 'change'])
      .where('workspace', '=', workspace)
      .orderBy('entity')
      .orderBy('entitytype')
      .orderBy('change')
      .execute(),
  }
}

describe('a narrowed query', () => {
  let shared: TestDatabase
  let alone: TestDatabase
  beforeAll(async () => {
    shared = await createSqlite()
    alone = await createSqlite()
    await fill(shared.store.installation, rowsFor(A))
    await fill(shared.store.installation, rowsFor(B))
    await fill(alone.store.installation, rowsFor(A))
  })
  afterAll(async () => {
    await shared.drop()
    await alone.drop()
  })

  it('finds what it would find if there were no other workspace', async () => {
    await fc.assert(
      fc.asyncProperty(select, async (spec) => {
        const narrowed = await rowsOf(shared.store.workspace(A).db, spec)
        expect(narrowed).toEqual(await rowsOf(alone.store.installation, spec))
      }),
      { numRuns: 300 },
    )
  })

  it('changes what it would change if there were no other workspace, and nothing of others', async () => {
    const before = await contents(shared.store.installation, B)
    await fc.assert(
      fc.asyncProperty(condition, value, async (where, text) => {
        const narrowed = await changed(shared.store.workspace(A).db, where, text)
        const expected = await changed(alone.store.installation, where, text, A)
        expect(narrowed).toEqual(expected)
        expect(await contents(shared.store.installation, B)).toEqual(before)
      }),
      { numRuns: 150 },
    )
  })
})

class Undo extends Error {}

/** What an update, a delete and two inserts leave of workspace A; undone again. */
async function changed(db: Kysely<Schema>, where: Condition, text: string, workspace?: string) {
  let after: unknown
  const settings = toCondition(where, scopeOf('setting', 'setting'))
  const events = toCondition(where, scopeOf('event', 'event'))
  const work = db.transaction().execute(async (tx) => {
    await tx.updateTable('setting').set({ value: text }).where(settings).execute()
    await tx.deleteFrom('event').where(events).execute()
    await tx
      .insertInto('event')
      .columns(['entitytype', 'entity', 'change', 'created', ...(workspace ? (['workspace'] as const) : [])])
      .expression((eb) =>
        eb
          .selectFrom('setting')
          .select(['name', 'entity', sql<'changed'>`'changed'`.as('change'), sql<number>`2`.as('created')])
          .$if(workspace !== undefined, (query) => query.select(eb.val(workspace ?? '').as('workspace')))
          .where(settings),
      )
      .execute()
    await tx
      .insertInto('setting')
      .values({ id: 'new', workspace: A, entitytype: 'job', entity: 'a', name: 'a', value: 'new' })
      .onConflict((conflict) =>
        conflict
          .columns(['workspace', 'entitytype', 'entity', 'name'])
          .doUpdateSet({ value: 'upserted' })
          .where(settings),
      )
      .execute()
    after = await contents(tx, A)
    throw new Undo()
  })
  await expect(work).rejects.toThrow(Undo)
  return after
}
