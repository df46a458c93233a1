import { newId } from '@waybill/api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WorkspaceStore } from '../store/store.js'
import { createSqlite, type TestDatabase } from '../store/testing.js'
import { bootstrap } from './bootstrap.js'
import { createKey, verifyKey } from './keys.js'
import { addUser, type NewUser } from './users.js'

describe('a new user', () => {
  let database: TestDatabase
  let own: WorkspaceStore
  const by = { email: 'admin@example.com', now: 2000 }
  beforeEach(async () => {
    database = await createSqlite()
    const { workspace } = await bootstrap(database.store, { admin: by.email, volumePath: '/srv', now: 1000 })
    own = database.store.workspace(workspace)
  })
  afterEach(() => database.drop())

  const add = (user: NewUser) => own.transaction((tx) => addUser(tx, own.id, user, by))
  const volumesOf = async (user: string) =>
    (
      await own.db
        .selectFrom('acl')
        .innerJoin('share', 'share.id', 'acl.share')
        .select('share.code')
        .where('acl.user', '=', user)
        .orderBy('share.code')
        .execute()
    ).map(({ code }) => code)
  const addVolume = async (code: string) => {
    const like = await own.db
      .selectFrom('share')
      .selectAll()
      .where('code', '=', 'storage')
      .executeTakeFirstOrThrow()
    await own.db
      .insertInto('share')
      .values({ ...like, id: newId(), code, is_default: 0 })
      .execute()
  }

  it('is known by the email, in lower case', async () => {
    await add({ email: ' Lisa@Example.COM ', role: 'standard', name: 'Lisa' })
    const user = own.db
      .selectFrom('user')
      .select(['code', 'name', 'creator', 'created'])
      .where('role', '=', 'standard')
    expect(await user.execute()).toEqual([
      { code: 'lisa@example.com', name: 'Lisa', creator: by.email, created: 2000 },
    ])
  })

  it('gets the volumes that were meant', async () => {
    await addVolume('second')
    await addVolume('third')
    const employee = { role: 'employee' } as const
    expect(await volumesOf(await add({ ...employee, email: 'a@x.org' }))).toEqual([])
    expect(
      await volumesOf(await add({ ...employee, email: 'b@x.org', giveDefaultVolumeAccess: true })),
    ).toEqual(['storage'])
    expect(await volumesOf(await add({ ...employee, email: 'c@x.org', giveAllVolumesAccess: true }))).toEqual(
      ['second', 'storage', 'third'],
    )
    const some = { ...employee, email: 'd@x.org', volumes: ['third', 'third'], giveDefaultVolumeAccess: true }
    expect(await volumesOf(await add(some))).toEqual(['storage', 'third'])
    expect(
      await volumesOf(await add({ email: 'e@x.org', role: 'admin', giveAllVolumesAccess: true })),
    ).toEqual([])
  })

  it('is refused as a whole when something is wrong', async () => {
    await expect(add({ email: 'no email', role: 'standard' })).rejects.toMatchObject({ code: 'bad_request' })
    await expect(add({ email: by.email, role: 'standard' })).rejects.toMatchObject({ code: 'duplicate' })
    const standard = { email: 'f@x.org', role: 'standard', giveDefaultVolumeAccess: true } as const
    await expect(add(standard)).rejects.toMatchObject({ code: 'bad_request' })
    const lost = { email: 'f@x.org', role: 'employee', volumes: ['lost'] } as const
    await expect(add(lost)).rejects.toMatchObject({ code: 'not_found' })
    expect(await own.db.selectFrom('user').select('code').execute()).toEqual([{ code: by.email }])
    expect(await database.store.installation.selectFrom('account').select('email').execute()).toHaveLength(1)
  })

  it('has the same keys after being deleted and invited again', async () => {
    const { key } = await createKey(database.store, 'lisa@example.com')
    const first = await add({ email: 'lisa@example.com', role: 'employee', giveDefaultVolumeAccess: true })
    await own.db.deleteFrom('user').where('id', '=', first).execute()
    expect(await own.db.selectFrom('acl').selectAll().execute()).toEqual([])
    const again = await add({ email: 'lisa@example.com', role: 'standard' })
    expect(again).not.toBe(first)
    const account = own.db.selectFrom('user').select('account').where('id', '=', again)
    const verified = await verifyKey(database.store, 'lisa@example.com', key, 1)
    expect(await account.executeTakeFirst()).toEqual({ account: verified?.account.id })
  })

  it('that was set aside is to be activated, not added', async () => {
    const id = await add({ email: 'lisa@example.com', role: 'standard' })
    await own.db.updateTable('user').set({ inactive: 1 }).where('id', '=', id).execute()
    await expect(add({ email: 'lisa@example.com', role: 'standard' })).rejects.toMatchObject({
      code: 'conflict',
    })
  })
})
