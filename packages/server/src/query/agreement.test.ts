import {
  type Comparison,
  type Expression,
  evaluate,
  type Lookup,
  newId,
  type Operand,
  type Operator,
  parseExpression,
  printExpression,
} from '@waybill/api'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blankJob } from '../jobs/lifecycle/blank-job.js'
import type { JobTable } from '../store/schema.js'
import type { WorkspaceStore } from '../store/store.js'
import { type TestDatabase, testDatabases } from '../store/testing.js'
import type { AnyBuilder, CompileContext, EntityBinding } from './binding.js'
import { compile } from './compile.js'
import { re2Engine } from './regex/engine.js'

// The SQL that the compiler writes and the plain evaluator must find the same rows, on every database.

const workspace = { id: newId(), code: 'studio' }
const lisa = { id: newId(), code: 'lisa@example.com' }
const otto = { id: newId(), code: 'Ötto@example.com' }
const hq = { id: newId(), code: 'hq', main: 1 } as const
const stockholm = { id: newId(), code: 'Stockholm', main: 0 } as const
const high = { id: newId(), code: 'high', name: 'High priority' }
const low = { id: newId(), code: 'low', name: 'Low' }
const users = { lisa, otto }
const queues = { high, low }
const party = { lisa, otto, stockholm, workspace }

const column = (name: keyof JobTable) => (eb: AnyBuilder) => eb.ref(`job.${name}`)
const binding: EntityBinding = {
  table: 'job',
  attributes: {
    name: { kind: 'value', type: 'text', sql: column('name') },
    reason: { kind: 'value', type: 'text', sql: column('reason') },
    status: { kind: 'value', type: 'text', sql: column('status'), lowerCase: true },
    size: { kind: 'value', type: 'integer', sql: column('size') },
    etr: { kind: 'value', type: 'number', sql: column('etr') },
    speed: { kind: 'value', type: 'number', sql: column('speed'), scale: 1000 },
    default: { kind: 'value', type: 'boolean', sql: column('mirrored') },
    created: { kind: 'value', type: 'date', sql: column('created') },
    finished: { kind: 'value', type: 'date', sql: column('finished') },
    user: { kind: 'reference', table: 'user', types: ['user'], sql: column('user') },
    parent: { kind: 'reference', table: 'job', types: ['queue'], sql: column('parent') },
    source: { kind: 'party', typeColumn: column('source_type'), idColumn: column('source_id') },
    metadata: { kind: 'json', sql: column('metadata') },
  },
}

const words = [
  'Größe',
  'größe',
  'straße',
  'A',
  'ab',
  'a b',
  '',
  '%',
  'a_b',
  'c:\\dir',
  'İ',
  '😀',
  'ﬀ',
  '10',
  'x\ny',
]
const word = fc.constantFrom(...words)
const moments = [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 1, 10, 30, 5), Date.UTC(2026, 0, 1, 10, 30, 5, 250)]
const moment = fc.constantFrom(...moments, Date.UTC(2026, 0, 2), Date.UTC(2025, 11, 31, 23, 59, 59, 999))
const json = fc.oneof(
  fc.constant(null),
  fc.record(
    {
      Artist: fc.oneof(
        word,
        fc.integer({ min: -2, max: 12 }),
        fc.boolean(),
        fc.constant(null),
        fc.constant(1.5),
      ),
      artist: word,
      tags: fc.array(fc.oneof(word, fc.integer({ min: 0, max: 3 }), fc.constant({ a: 1 })), { maxLength: 3 }),
      shot: fc.oneof(
        word,
        fc.record({
          Größe: fc.oneof(
            word,
            fc.integer({ min: -8, max: 8 }).map((quarters) => quarters / 4),
          ),
        }),
      ),
      'odd \u0000 key': fc.constant('\u0000 \\u0000'),
    },
    { requiredKeys: [] },
  ),
)

interface Row {
  readonly name: string
  readonly reason: string | null
  readonly status: 'waiting' | 'running'
  readonly size: number
  readonly etr: number | null
  readonly speed: number
  readonly mirrored: 0 | 1
  readonly created: number
  readonly finished: number | null
  readonly user: keyof typeof users | null
  readonly parent: keyof typeof queues | null
  readonly source: keyof typeof party | null
  readonly metadata: unknown
}

const row: fc.Arbitrary<Row> = fc.record({
  name: word,
  reason: fc.option(word),
  status: fc.constantFrom('waiting', 'running'),
  size: fc.constantFrom(0, 1, 2, 10, 2 ** 40),
  etr: fc.option(fc.constantFrom(0, 0.5, 1, 10)),
  speed: fc.constantFrom(-1, 0, 1500, 2000),
  mirrored: fc.constantFrom(0, 1),
  created: moment,
  finished: fc.option(moment),
  user: fc.option(fc.constantFrom('lisa', 'otto')),
  parent: fc.option(fc.constantFrom('high', 'low')),
  source: fc.constantFrom('workspace', 'lisa', 'otto', 'stockholm', null),
  metadata: json,
})

const rows = fc.sample(row, { numRuns: 60, seed: 7 }).map((each) => ({ ...each, id: newId() }))

function names(
  type: string,
  entity: { id: string; code: string; name?: string } | undefined,
): readonly string[] {
  if (entity === undefined) return []
  const plain = [entity.id, entity.code, ...(entity.name === undefined ? [] : [entity.name])]
  return [...plain, ...plain.map((name) => `${type}:${name}`)]
}

const workspaceNames = [...names('workspace', workspace), 'hq', 'workspace:hq', ...names('site', hq)]

function sourceNames(source: Row['source']): readonly string[] {
  if (source === null) return []
  if (source === 'workspace') return workspaceNames
  if (source === 'stockholm') return names('site', stockholm)
  return names('user', users[source])
}

function lookupIn(each: Row & { readonly id: string }): Lookup {
  return ([name = '', ...keys]): Operand => {
    switch (name) {
      case 'name':
      case 'reason':
      case 'status':
        return { kind: 'text', value: each[name] }
      case 'size':
      case 'etr':
        return { kind: 'number', value: each[name] }
      case 'speed':
        return { kind: 'number', value: each.speed / 1000 }
      case 'default':
        return { kind: 'boolean', value: each.mirrored === 1 }
      case 'created':
      case 'finished':
        return { kind: 'date', value: each[name] }
      case 'user':
        if (keys[0] === 'code')
          return { kind: 'text', value: each.user === null ? null : users[each.user].code }
        return { kind: 'names', values: each.user === null ? [] : names('user', users[each.user]) }
      case 'parent':
        return { kind: 'names', values: each.parent === null ? [] : names('queue', queues[each.parent]) }
      case 'source':
        return { kind: 'names', values: sourceNames(each.source) }
      default:
        return { kind: 'json', value: each.metadata, keys }
    }
  }
}

const patterns = [
  '^a',
  'a.b',
  'größe$',
  '[^a]',
  '\\w{2,}',
  '^\\W*$',
  '\\bb',
  'a|10',
  '(?P<x>a)\\s(b)',
  '^$',
  '\\d',
  '(?s)x.y',
  'x.y',
  '^\\S+$',
  '\\.',
  '[\\w%]_',
  'x\\Z',
  '(?m)^y$',
  '[]a]',
  '\\u00f6',
  '@example\\.com$',
  ':\\w+',
]
const numbers = ['0', '1', '1.5', '-1', '2', '10', '1e3', '1099511627776', '.5']
const dates = [
  '2026-01-01',
  '2026-01-01T10:30',
  '2026-01-01 10:30:05',
  '2026-01-01T10:30:05.250',
  '2025-12-31',
]
const people = [
  'LISA@example.com',
  'user:ötto@EXAMPLE.com',
  'nobody',
  lisa.id,
  `user:${otto.id}`,
  'lisa*',
  '*@example.com',
  'site:lisa@example.com',
]
const parties = [
  ...people,
  'HQ',
  'Studio',
  workspace.id,
  `workspace:${workspace.id}`,
  hq.id,
  'site:hq',
  'stockholm',
  `site:${stockholm.id}`,
  'h*',
  's*',
  'site:*',
  'workspace:*',
]
const jobs = [
  'HIGH',
  'low',
  'high priority',
  'queue:high',
  low.id,
  `queue:${high.id}`,
  'high*',
  'transfer:high',
]

const at = { kind: 'comparison', column: 1, operatorColumn: 1 } as const

function comparison(
  attribute: readonly string[],
  operators: readonly Operator[],
  values: readonly string[],
): fc.Arbitrary<Comparison> {
  const value = fc.constantFrom(...values).map((text) => ({ text, column: 1 }))
  const constant = { ...at, attribute }
  return fc
    .constantFrom(...operators)
    .chain(
      (operator): fc.Arbitrary<Comparison> =>
        operator === 'in' || operator === 'not in'
          ? fc
              .array(value, { minLength: 1, maxLength: 3 })
              .map((all): Comparison => ({ ...constant, operator, values: all }))
          : value.map((one): Comparison => ({ ...constant, operator, value: one })),
    )
}

const equality: readonly Operator[] = ['=', '!=', 'in', 'not in']
const order: readonly Operator[] = ['<', '<=', '>', '>=']
const search: readonly Operator[] = ['contains', 'not contains']
const regex: readonly Operator[] = ['matches', 'not matches']
const wild = [
  ...words.filter((text) => text !== ''),
  '',
  '*',
  'a*',
  '*b',
  '*r*e',
  'gr*',
  'true',
  '%*',
  '*\\*',
  ...numbers,
]

const leaf = fc.oneof(
  ...['name', 'reason', 'status'].map((name) => comparison([name], [...equality, ...order, ...search], wild)),
  ...[['name'], ['reason'], ['metadata', 'artist'], ['user'], ['source'], ['parent']].map((path) =>
    comparison(path, regex, patterns),
  ),
  ...['size', 'etr', 'speed'].map((name) => comparison([name], [...equality, ...order], numbers)),
  comparison(['default'], equality, ['true', 'false', 'YES', '0']),
  ...['created', 'finished'].map((name) => comparison([name], [...equality, ...order], dates)),
  comparison(['user'], [...equality, ...search], people),
  comparison(['user', 'code'], [...equality, ...order, ...search], people),
  comparison(['source'], [...equality, ...search], parties),
  comparison(['parent'], [...equality, ...search], jobs),
  ...[['artist'], ['tags'], ['shot', 'größe'], ['shot'], ['none']].map((keys) =>
    comparison(['metadata', ...keys], [...equality, ...order, ...search], wild),
  ),
)

const tree: fc.Arbitrary<Expression> = fc.letrec<{ tree: Expression }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 2, arbitrary: leaf },
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      parts: fc.array(tie('tree'), { minLength: 2, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), part: tie('tree') }),
  ),
})).tree

describe.each(testDatabases())('queries on $name', (kind) => {
  const { name, missing } = kind
  describe.skipIf(missing !== undefined)(missing ?? 'with a database', () => {
    let database: TestDatabase
    let store: WorkspaceStore
    const context: CompileContext = { dialect: name, workspace }

    beforeAll(async () => {
      database = await kind.create()
      store = await fill(database)
    })
    afterAll(() => database.drop())

    async function find(expression: Expression): Promise<readonly string[]> {
      const found = await store.db
        .selectFrom('job')
        .select('job.id')
        .where('job.kind', '=', 'transfer')
        .where(compile(expression, binding, context))
        .orderBy('job.id')
        .execute()
      return found.map(({ id }) => id)
    }

    it('find the rows that the plain evaluator finds', async () => {
      await fc.assert(
        fc.asyncProperty(tree, async (expression) => {
          const expected = rows.filter((each) => evaluate(expression, lookupIn(each), re2Engine))
          expect(await find(expression), printExpression(expression)).toEqual(expected.map(({ id }) => id))
        }),
        { numRuns: 400 },
      )
    }, 60_000)

    it('takes the largest queries that can be written', async () => {
      const values = Array.from({ length: 5000 }, (_, index) => index).join()
      await find(parseExpression(`source in ${values}`))
      await find(parseExpression(Array(500).fill('name=a').join(' or ')))
      await find(parseExpression(Array(1000).fill('not (size=1)').join(' and ')))
      await find(parseExpression(`${'(not '.repeat(50)}size=1${')'.repeat(50)}`))
    })
  })
})

/** One workspace with the rows, and everything that they refer to. */
async function fill(database: TestDatabase): Promise<WorkspaceStore> {
  const { installation } = database.store
  const texts = { name: '', description: '', metadata: null, creator: '', modifier: '' }
  const shared = { ...texts, created: 0, modified: 0 }
  await installation
    .insertInto('workspace')
    .values({ ...workspace, ...shared, status: 'enabled' })
    .execute()
  const store = database.store.workspace(workspace.id)
  const own = { ...shared, workspace: workspace.id }
  const person = { status: 'enabled' as const, role: 'standard' as const, inactive: 0 as const }
  const more = { queue: null, logged_in: null }
  for (const user of [lisa, otto]) {
    const account = newId()
    const email = user.code.toLowerCase()
    await installation.insertInto('account').values({ id: account, email, name: '', created: 0 }).execute()
    await store.db
      .insertInto('user')
      .values({ ...own, ...user, ...person, ...more, account })
      .execute()
  }
  for (const site of [hq, stockholm])
    await store.db
      .insertInto('site')
      .values({ ...own, ...site, status: 'enabled' })
      .execute()
  for (const queue of [high, low])
    await store.db
      .insertInto('job')
      .values({ ...job, ...own, ...queue, kind: 'queue' })
      .execute()
  for (const { source, user, parent, metadata, ...rest } of rows) {
    const type = source === 'lisa' || source === 'otto' ? 'user' : source === 'stockholm' ? 'site' : source
    await store.db
      .insertInto('job')
      .values({
        ...job,
        ...own,
        ...rest,
        code: '',
        user: user === null ? null : users[user].id,
        parent: parent === null ? null : queues[parent].id,
        source_type: type,
        source_id: source === null ? null : party[source].id,
        metadata: metadata === null ? null : JSON.stringify(metadata),
      })
      .execute()
  }
  return store
}

const job = { ...blankJob, kind: 'transfer', status: 'waiting', position: 0 } as const
