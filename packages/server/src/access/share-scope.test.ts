import { newId, type Role } from '@waybill/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Caller } from '../context.js'
import { builder } from '../entities/engine/find.js'
import type { WorkspaceStore } from '../store/store.js'
import { type TestDatabase, testDatabases } from '../store/testing.js'
import { bootstrap } from './bootstrap.js'
import { loadRights, may } from './rights.js'
import { visibleShares } from './share-scope.js'
import { addUser } from './users.js'

describe.each(testDatabases())('shares on $name', (kind) => {
  describe.skipIf(kind.missing)('are seen', () => {
    let database: TestDatabase
    let own: WorkspaceStore
    const by = { email: 'admin@example.com', now: 1 }
    const users = new Map<string, Caller>()
    const shares = new Map<string, string>()

    beforeAll(async () => {
      database = await kind.create()
      const { workspace } = await bootstrap(database.store, { admin: by.email, volumePath: '/srv' })
      own = database.store.workspace(workspace)
      const storage = await own.db.selectFrom('share').selectAll().executeTakeFirstOrThrow()
      shares.set('storage', storage.id)
      const roles = {
        boss: 'admin',
        emma: 'employee',
        erik: 'employee',
        sam: 'standard',
        sue: 'standard',
      } as const
      for (const [name, role] of Object.entries(roles)) users.set(name, await addMember(name, role))
      const add = async (code: string, values: Partial<typeof storage>) => {
        const id = newId()
        await own.db
          .insertInto('share')
          .values({ ...storage, is_default: 0, ...values, id, code })
          .execute()
        shares.set(code, id)
      }
      await add('second', {})
      await add('folder', { kind: 'folder', parent: storage.id, path: 'shows/one' })
      await add('set-aside', { kind: 'folder', parent: storage.id, path: 'shows/two', inactive: 1 })
      for (const name of ['boss', 'erik', 'sam', 'emma']) {
        const user = users.get(name)?.user ?? ''
        await add(`home-${name}`, { kind: 'home', parent: storage.id, path: `homes/${name}`, user })
      }
      await grant('emma', 'storage')
      await grant('sam', 'folder')
      await grant('sue', 'folder', 1)
    })
    afterAll(() => database.drop())

    async function addMember(name: string, role: Role): Promise<Caller> {
      const email = `${name}@example.com`
      const user = await own.transaction((tx) => addUser(tx, own.id, { email, role }, by))
      return { user, account: '', email, role }
    }

    async function grant(name: string, share: string, inactive: 0 | 1 = 0): Promise<void> {
      const made = { created: 1, creator: '', modified: 1, modifier: '' }
      const acl = { notify: 0, message: '', description: '', acknowledged: null, inactive, ...made } as const
      const paths = JSON.stringify([{ path: '/', read: true, write: false }])
      const ends = { user: users.get(name)?.user ?? '', share: shares.get(share) ?? '' }
      await own.db
        .insertInto('acl')
        .values({ id: newId(), workspace: own.id, paths, ...ends, ...acl })
        .execute()
    }

    it.each([
      ['boss', ['folder', 'home-boss', 'home-emma', 'home-erik', 'home-sam', 'second', 'storage']],
      ['emma', ['folder', 'home-emma', 'home-sam', 'storage']],
      ['erik', ['home-erik']],
      ['sam', ['folder', 'home-sam']],
      ['sue', []],
    ])('by %s', async (name, expected) => {
      const caller = users.get(name)
      if (caller === undefined) throw new Error(name)
      const rights = await loadRights(own.db, caller)
      const seen = await own.db
        .selectFrom('share')
        .selectAll()
        .where('inactive', '=', 0)
        .where(visibleShares(rights, caller)(builder))
        .orderBy('code')
        .execute()
      expect(seen.map(({ code }) => code)).toEqual(expected)

      // Who sees a share may read in it, and the other way round.
      const all = await own.db
        .selectFrom('share')
        .selectAll()
        .where('inactive', '=', 0)
        .orderBy('code')
        .execute()
      expect(all.filter((share) => may(rights, share, 'x', 'read')).map(({ code }) => code)).toEqual(expected)
    })
  })
})
