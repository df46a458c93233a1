import { newId, newUuid, type Role } from '@waybill/api'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CallContext, Caller } from '../context.js'
import { builder } from '../entities/engine/find.js'
import { Directory, type ShareRow } from '../locations/directory.js'
import { findPlace } from '../locations/share-place.js'
import type { WorkspaceStore } from '../store/store.js'
import { createSqlite, type TestDatabase } from '../store/testing.js'
import { bootstrap } from './bootstrap.js'
import type { Grant } from './grants.js'
import { loadRights, may } from './rights.js'
import { visibleFiles, visibleShares } from './share-scope.js'
import { addUser } from './users.js'

/**
 * Lists (SQL), look-ups of paths and the evaluator have to say the same of everything. One database, filled anew
 * with each random workspace.
 */
const names = fc.array(fc.constantFrom('a', 'A', 'b', 'a b', 'ab', 'å'), { minLength: 1, maxLength: 3 })
const path = names.map((list) => list.join('/'))
const anywhere = fc.oneof(
  fc.constant('/'),
  names.map((list) => `/${list.join('/')}`),
)
const rights = fc.constantFrom(
  { read: true, write: false },
  { read: false, write: true },
  { read: true, write: true },
)
const people = ['emma', 'sam', 'boss', 'erik'] as const
const volumes = ['v1', 'v2'] as const
const shareNames = ['v1', 'v2', 'f0', 'f1', 'f2', 'h-emma', 'h-boss', 'h-sam', 'c0', 'c1'] as const

const world = fc.record({
  folders: fc.array(fc.record({ volume: fc.constantFrom(...volumes), path }), { minLength: 3, maxLength: 3 }),
  homes: fc.record({ emma: path, boss: path, sam: path }),
  files: fc.array(
    fc.record({ collection: fc.constantFrom('c0', 'c1'), volume: fc.constantFrom(...volumes), path }),
    { maxLength: 4 },
  ),
  acls: fc.uniqueArray(
    fc.record({
      user: fc.constantFrom('emma', 'sam'),
      share: fc.constantFrom(...shareNames),
      grants: fc.array(fc.tuple(anywhere, rights), { minLength: 1, maxLength: 2 }),
    }),
    { maxLength: 6, selector: ({ user, share }) => `${user} ${share}` },
  ),
})
type World = typeof world extends fc.Arbitrary<infer T> ? T : never

let database: TestDatabase
let own: WorkspaceStore
const callers = new Map<string, Caller>()
const by = { email: 'admin@example.com', now: 1 }
const made = { created: 1, creator: '', modified: 1, modifier: '' }

beforeAll(async () => {
  database = await createSqlite()
  const { workspace } = await bootstrap(database.store, { admin: by.email, volumePath: '/srv' })
  own = database.store.workspace(workspace)
  const roles: Record<(typeof people)[number], Role> = {
    emma: 'employee',
    sam: 'standard',
    boss: 'admin',
    erik: 'employee',
  }
  for (const name of people) {
    const email = `${name}@example.com`
    const user = await own.transaction((tx) => addUser(tx, own.id, { email, role: roles[name] }, by))
    callers.set(name, { user, account: '', email, role: roles[name] })
  }
})
afterAll(() => database.drop())

const callerOf = (name: string): Caller => {
  const caller = callers.get(name)
  if (caller === undefined) throw new Error(name)
  return caller
}

async function fill({ folders, homes, files, acls }: World): Promise<ReadonlyMap<string, ShareRow>> {
  await own.db.deleteFrom('share').execute()
  const shares = new Map<string, string>()
  const share = async (code: string, values: Partial<ShareRow>) => {
    const id = newId()
    shares.set(code, id)
    const blank = {
      name: '',
      description: '',
      metadata: null,
      parent: null,
      is_default: 0,
      path: '',
    } as const
    const rest = { paths: null, user: null, queue: null, email: '', status: 'enabled', inactive: 0 } as const
    await own.db
      .insertInto('share')
      .values({ id, workspace: own.id, code, kind: 'folder', ...blank, ...rest, ...made, ...values })
      .execute()
  }
  const at = (code: string) => shares.get(code) ?? ''
  for (const code of volumes) await share(code, { kind: 'volume', path: `/srv/${code}` })
  for (const [index, folder] of folders.entries()) {
    await share(`f${index}`, { parent: at(folder.volume), path: folder.path })
  }
  for (const [user, where] of Object.entries(homes)) {
    await share(`h-${user}`, { kind: 'home', parent: at('v1'), path: where, user: callerOf(user).user })
  }
  for (const code of ['c0', 'c1']) await share(code, { kind: 'collection' })
  for (const [index, file] of files.entries()) {
    const ends = { collection: at(file.collection), share: at(file.volume), volume: at(file.volume) }
    await own.db
      .insertInto('collection_file')
      .values({
        id: newUuid(),
        workspace: own.id,
        ...ends,
        path: file.path,
        name: `n${index}`,
        created: 1,
        creator: '',
      })
      .execute()
  }
  for (const { user, share: on, grants } of acls) {
    const paths: Grant[] = grants.map(([where, right]) => ({ path: where, ...right }))
    const rest = {
      notify: 0,
      message: '',
      description: '',
      inactive: 0,
      acknowledged: null,
      ...made,
    } as const
    await own.db
      .insertInto('acl')
      .values({
        id: newId(),
        workspace: own.id,
        user: callerOf(user).user,
        share: at(on),
        paths: JSON.stringify(paths),
        ...rest,
      })
      .execute()
  }
  const rows = await own.db.selectFrom('share').selectAll().execute()
  return new Map(rows.map((row) => [row.code, row]))
}

function contextOf(caller: Caller): CallContext {
  const workspace = { id: own.id, code: 'studio' }
  return { workspace, store: own, caller, device: '', address: '', now: 1 }
}

/** Whether somebody has an ACL on a share, or the share is the own home. */
const isDirect = ({ acls }: World, user: string, code: string, role: Role) =>
  code === `h-${user}` ||
  acls.some(
    (acl) => acl.user === user && acl.share === code && !(role === 'standard' && code.startsWith('v')),
  )

describe.each(['emma', 'sam'])('%s', (user) => {
  it('finds the shares that may be read or written, and those that were granted', async () => {
    await fc.assert(
      fc.asyncProperty(world, async (given) => {
        const shares = await fill(given)
        const caller = callerOf(user)
        const held = await loadRights(own.db, caller)
        const rows = await own.db
          .selectFrom('share')
          .select('share.code')
          .where(visibleShares(held, caller)(builder))
          .execute()
        const obvious = [...shares.values()].filter(
          (share) =>
            isDirect(given, user, share.code, caller.role) ||
            held.managed.has(share.id) ||
            may(held, share, '/', 'read') ||
            may(held, share, '/', 'write'),
        )
        expect(rows.map(({ code }) => code).sort()).toEqual(obvious.map(({ code }) => code).sort())
      }),
      { numRuns: 20 },
    )
  })

  it('finds places just where the evaluator says so', async () => {
    await fc.assert(
      fc.asyncProperty(world, path, fc.constantFrom('read', 'write'), async (given, below, access) => {
        const shares = await fill(given)
        const caller = callerOf(user)
        const held = await loadRights(own.db, caller)
        const directory = new Directory(contextOf(caller))
        for (const share of shares.values()) {
          if (share.kind === 'collection') continue
          const notation = {
            kind: 'share',
            share: share.kind,
            code: share.code,
            names: below.split('/'),
            directory: false,
          } as const
          const found = await findPlace(directory, notation, access).then(
            () => true,
            () => false,
          )
          expect([share.code, found]).toEqual([share.code, may(held, share, below, access)])
        }
      }),
      { numRuns: 12 },
    )
  })

  it('finds the files of collections that were granted, or whose files may all be read anyway', async () => {
    await fc.assert(
      fc.asyncProperty(world, async (given) => {
        const shares = await fill(given)
        const caller = callerOf(user)
        const held = await loadRights(own.db, caller)
        const rows = await own.db
          .selectFrom('collection_file')
          .select('collection_file.name')
          .where(visibleFiles(held, caller)(builder))
          .execute()
        const mayRead = ({ volume, path: where }: World['files'][number]) => {
          const on = shares.get(volume)
          return on !== undefined && may(held, on, where, 'read')
        }
        const obvious = given.files.flatMap((file, index) => {
          const siblings = given.files.filter(({ collection }) => collection === file.collection)
          const all = caller.role === 'employee' && siblings.every(mayRead)
          const granted = given.acls.some(
            (acl) =>
              acl.user === user &&
              acl.share === file.collection &&
              acl.grants.some(([where, { read }]) => read && (where === '/' || where === `/n${index}`)),
          )
          return all || granted ? [`n${index}`] : []
        })
        expect(rows.map(({ name }) => name).sort()).toEqual(obvious.sort())
      }),
      { numRuns: 20 },
    )
  })
})

describe('rights', () => {
  it('are loaded with three queries, however many ACLs there are', async () => {
    await fill({ folders: [], homes: { emma: 'x', boss: 'y', sam: 'z' }, files: [], acls: [] })
    const [volume] = await own.db.selectFrom('share').selectAll().where('code', '=', 'v1').execute()
    if (volume === undefined) throw new Error('no volume')
    const emma = callerOf('emma')
    for (let n = 0; n < 200; n += 1) {
      const id = newId()
      const folder = {
        ...volume,
        id,
        code: `many-${n}`,
        kind: 'folder',
        parent: volume.id,
        path: `m/${n}`,
      } as const
      await own.db.insertInto('share').values(folder).execute()
      const paths = JSON.stringify([{ path: '/', read: true, write: false }])
      const rest = {
        notify: 0,
        message: '',
        description: '',
        inactive: 0,
        acknowledged: null,
        ...made,
      } as const
      await own.db
        .insertInto('acl')
        .values({ id: newId(), workspace: own.id, user: emma.user, share: id, paths, ...rest })
        .execute()
    }
    let queries = 0
    const counted = own.db.withPlugin({
      transformQuery: ({ node }) => {
        queries += 1
        return node
      },
      transformResult: ({ result }) => Promise.resolve(result),
    })
    const held = await loadRights(counted, emma)
    expect(queries).toBe(3)
    const seen = await own.db
      .selectFrom('share')
      .select('id')
      .where(visibleShares(held, emma)(builder))
      .execute()
    expect(seen).toHaveLength(201)
  })
})
