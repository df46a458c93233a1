import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestDatabase, testDatabases } from '../store/testing.js'
import { createAuthenticator } from './authenticate.js'
import { bootstrap } from './bootstrap.js'
import { createKey, listKeys, revokeKey } from './keys.js'
import { addUser } from './users.js'

const base64 = (text: string) => Buffer.from(text).toString('base64')
/** As existing clients send it. */
const apart = (email: string, key: string) => `basic ${base64(email)}:${base64(key)}`
/** As RFC 7617 has it. */
const together = (email: string, key: string) => `Basic ${base64(`${email}:${key}`)}`

describe.each(testDatabases())('authentication on $name', (kind) => {
  describe.skipIf(kind.missing)('of a call', () => {
    let database: TestDatabase
    let workspace: string
    let key: string
    const admin = 'admin@example.com'
    beforeAll(async () => {
      database = await kind.create()
      const first = await bootstrap(database.store, { admin, volumePath: '/srv', now: 1000 })
      workspace = first.workspace
      key = first.apiKey ?? ''
    })
    afterAll(() => database.drop())

    function call(
      authorization: string | undefined,
      options: { code?: string; now?: number; address?: string } = {},
    ) {
      const { code = 'studio', now = 5000, address = '10.0.0.1' } = options
      const authenticator = createAuthenticator(database.store)
      return authenticator.authenticate({ authorization, 'x-accsyn-workspace': code }, address, now)
    }

    it.each([
      ['existing clients', apart],
      ['RFC 7617', together],
    ])('takes the header of %s', async (_, header) => {
      const answer = await call(header('ADMIN@example.com', key))
      expect(answer).toMatchObject({
        caller: { email: admin, role: 'admin' },
        workspace: { id: workspace, code: 'studio' },
      })
    })

    it('gives one session id as long as the key is, another one to each key and workspace', async () => {
      const first = await call(apart(admin, key))
      expect((await call(together(admin, key), { now: 9_000_000 })).session).toBe(first.session)
      const other = await createKey(database.store, admin)
      expect((await call(apart(admin, other.key))).session).not.toBe(first.session)
      const second = await bootstrap(database.store, { admin, workspace: 'second', volumePath: '/srv' })
      expect(second.created).toBe(true)
      expect((await call(apart(admin, key), { code: 'SECOND' })).session).not.toBe(first.session)
    })

    it.each<[string, () => string | undefined]>([
      ['no header', () => undefined],
      ['another scheme', () => `Bearer ${key}`],
      ['rubbish', () => 'basic %%%'],
      ['no key', () => together(admin, '')],
      ['a wrong key', () => apart(admin, 'wbk_wrong')],
      ["another person's key", () => apart('lisa@example.com', key)],
      ['no email', () => apart('', key)],
      ['what is no email', () => together('admin', key)],
    ])('refuses %s', async (_, header) => {
      await expect(call(header())).rejects.toMatchObject({ code: 'unauthenticated', status: 401 })
    })

    it('refuses keys that ended', async () => {
      const expired = await createKey(database.store, admin, { expires: 5000, now: 1000 })
      await expect(call(apart(admin, expired.key), { now: 4999 })).resolves.toBeDefined()
      await expect(call(apart(admin, expired.key), { now: 5000 })).rejects.toMatchObject({
        code: 'unauthenticated',
      })
      const revoked = await createKey(database.store, admin, { name: 'lost' })
      await revokeKey(database.store, revoked.id, 10)
      await expect(call(apart(admin, revoked.key))).rejects.toMatchObject({ code: 'unauthenticated' })
      await revokeKey(database.store, revoked.id, 20)
      expect(await listKeys(database.store, admin)).toContainEqual(
        expect.objectContaining({ name: 'lost', revoked: 10 }),
      )
      await expect(revokeKey(database.store, 'none')).rejects.toMatchObject({ code: 'not_found' })
    })

    it('tells who was not invited, who is disabled, and which workspace is not there', async () => {
      const lisa = await createKey(database.store, 'Lisa@Example.com')
      const header = apart('lisa@example.com', lisa.key)
      await expect(call(header)).rejects.toMatchObject({ code: 'not_member', status: 403 })
      await expect(call(header, { code: 'elsewhere' })).rejects.toMatchObject({ code: 'forbidden' })

      const own = database.store.workspace(workspace)
      const user = { email: 'LISA@example.com', role: 'standard' } as const
      const id = await own.transaction((tx) => addUser(tx, workspace, user, { email: admin, now: 1 }))
      await expect(call(header)).resolves.toMatchObject({ caller: { user: id, role: 'standard' } })

      const change = own.db.updateTable('user').where('id', '=', id)
      await change.set({ status: 'disabled' }).execute()
      await expect(call(header)).rejects.toMatchObject({ code: 'forbidden' })
      await change.set({ status: 'enabled', inactive: 1 }).execute()
      await expect(call(header)).rejects.toMatchObject({ code: 'not_member' })
    })

    it('notes the last use at most once a minute', async () => {
      const { id, key: used } = await createKey(database.store, admin, { name: 'used' })
      const lastUse = async () =>
        (await listKeys(database.store, admin)).find((each) => each.id === id)?.last_used
      for (const [now, noted] of [
        [10_000, 10_000],
        [69_999, 10_000],
        [70_000, 70_000],
      ] as const) {
        await call(apart(admin, used), { now })
        expect(await lastUse()).toBe(noted)
      }
    })

    it('slows down who guesses, and never who knows', async () => {
      const authenticator = createAuthenticator(database.store)
      const attempt = (authorization: string, address: string, now: number) =>
        authenticator.authenticate({ authorization, 'x-accsyn-workspace': 'studio' }, address, now)
      const guess = (address: string, now: number) =>
        attempt(apart(admin, 'wbk_guess'), address, now).then(
          () => 'in',
          (error: unknown) => error,
        )
      for (let index = 0; index < 20; index += 1) {
        expect(await guess('10.0.0.9', 1000 + index)).toMatchObject({ code: 'unauthenticated' })
      }
      expect(await guess('10.0.0.9', 2000)).toMatchObject({ code: 'rate_limited' })
      expect(await guess('10.0.0.8', 2000)).toMatchObject({ code: 'unauthenticated' })
      await expect(attempt(apart(admin, key), '10.0.0.9', 2000)).resolves.toBeDefined()
      expect(await guess('10.0.0.9', 2000 + 6 * 60_000)).toMatchObject({ code: 'unauthenticated' })
    })

    it('takes a key from where it may be used, however the address is written', async () => {
      const lines: string[] = []
      const authenticator = createAuthenticator(database.store, { log: (line) => lines.push(line) })
      const { id, key: near } = await createKey(database.store, admin, { addresses: ['10.1.0.0/16'] })
      const attempt = async (secret: string, from: string) =>
        await authenticator
          .authenticate({ authorization: apart(admin, secret), 'x-accsyn-workspace': 'studio' }, from, 5000)
          .catch((error: unknown) => error)
      expect(await attempt(near, '::ffff:10.1.2.3')).toMatchObject({
        address: '10.1.2.3',
        caller: { credential: { kind: 'key', id, restricted: true } },
      })
      expect(await attempt(near, '10.2.0.1')).toEqual(await attempt('wbk_wrong', '10.2.0.1'))
      expect(lines).toEqual([`The API key ${id} of ${admin} was used from 10.2.0.1, where it may not be`])
    })

    it('keeps a key that is bound to a workspace there', async () => {
      const { key: bound } = await createKey(database.store, admin, { boundTo: workspace })
      await expect(call(apart(admin, bound))).resolves.toMatchObject({
        caller: { credential: { restricted: true } },
      })
      await expect(call(apart(admin, bound), { code: 'second' })).rejects.toMatchObject({ code: 'forbidden' })
    })

    it('keeps no key, only its hash', async () => {
      const { key: made } = await createKey(database.store, admin)
      expect(made).toMatch(/^wbk_[A-Za-z0-9_-]{43}$/)
      const rows = await database.store.installation.selectFrom('api_key').selectAll().execute()
      expect(JSON.stringify(rows)).not.toContain(made.slice(4))
    })
  })
})
