import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestDatabase, testDatabases } from '../store/testing.js'
import { bootstrap } from './bootstrap.js'
import { verifyKey } from './keys.js'

describe.each(testDatabases())('a first start on $name', (kind) => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await kind.create()
  })
  afterAll(() => database.drop())

  it('makes a workspace that can be used, once', async () => {
    const { store } = database
    const options = { admin: 'Admin@Example.com', volumePath: '/srv/storage', now: 1000 }
    const [first, ...others] = await Promise.all([1, 2, 3].map(() => bootstrap(store, options))).then((all) =>
      all.sort((a, b) => Number(b.created) - Number(a.created)),
    )
    expect(others.map(({ created }) => created)).toEqual([false, false])
    expect(new Set(others.map(({ workspace }) => workspace))).toEqual(new Set([first?.workspace]))

    const key = first?.apiKey ?? ''
    await expect(verifyKey(store, 'admin@example.com', key, 2000)).resolves.toMatchObject({
      account: { email: 'admin@example.com' },
    })

    const { db } = store.workspace(first?.workspace ?? '')
    expect(await db.selectFrom('site').select(['code', 'main']).orderBy('id').execute()).toEqual([
      { code: 'hq', main: 1 },
      { code: 'roaming', main: 0 },
    ])
    expect(
      await db.selectFrom('job').select(['name', 'priority', 'is_default']).orderBy('position').execute(),
    ).toEqual([
      { name: 'High', priority: 999, is_default: 0 },
      { name: 'Medium', priority: 500, is_default: 1 },
      { name: 'Low', priority: 1, is_default: 0 },
    ])
    expect(await db.selectFrom('share').select(['code', 'path', 'is_default']).execute()).toEqual([
      { code: 'storage', path: '/srv/storage', is_default: 1 },
    ])
    expect(await db.selectFrom('user').select(['code', 'role']).execute()).toEqual([
      { code: 'admin@example.com', role: 'admin' },
    ])
  })
})
