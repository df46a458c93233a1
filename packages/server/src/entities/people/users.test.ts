import { newId } from '@waybill/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verifyKey } from '../../access/keys.js'
import {
  createTestServer,
  insertClient,
  insertJob,
  type Member,
  type TestServer,
} from '../../http/testing.js'
import { type TestDatabase, testDatabases } from '../../store/testing.js'

type Json = Record<string, unknown>

describe.each(testDatabases())('users on $name', (kind) => {
  describe.skipIf(kind.missing)('of a workspace', () => {
    let database: TestDatabase
    let server: TestServer
    let erik: Member

    beforeAll(async () => {
      database = await kind.create()
      server = await createTestServer(database.store)
      erik = await server.member('erik@example.com', 'employee')
    })
    afterAll(async () => {
      await server.app.close()
      await database.drop()
    })

    async function create(data: Json, as = server.admin): Promise<Json> {
      const [user] = (await server.result('POST', 'user/create', { as, data })) as Json[]
      return user ?? {}
    }
    const edit = async (id: string, data: Json, as = server.admin) =>
      await server.send('PUT', 'user/edit', { as, id, data })
    const find = async (type: string, query: string, data: Json = {}): Promise<Json[]> =>
      (await server.result('GET', `${type}/find`, { query, data })) as Json[]
    const grants = async (user: unknown): Promise<unknown[]> =>
      await server.workspace.db.selectFrom('acl').selectAll().where('user', '=', String(user)).execute()
    const count = async (table: 'acl' | 'client' | 'share' | 'invitation', user: string): Promise<number> => {
      const rows = await server.workspace.db.selectFrom(table).select('id').where('user', '=', user).execute()
      return rows.length
    }

    it('are made with all that can be given', async () => {
      const made = await create({
        code: 'Anna@Example.com',
        name: 'Anna',
        description: 'Colourist',
        metadata: { desk: 4 },
        role: 'employee',
        status: 'disabled',
        queue: 'high',
        create_home_share: true,
        give_default_volume_access: true,
        message: 'Welcome',
        mail: true,
      })
      expect(made).toEqual({
        id: made.id,
        code: 'anna@example.com',
        name: 'Anna',
        description: 'Colourist',
        metadata: { desk: 4 },
        role: 'employee',
        status: 'disabled',
        inactive: false,
        queue: server.queues.get('high'),
        logged_in: null,
        created: '2026-01-22T08:35:59',
        creator: server.admin.email,
        modified: '2026-01-22T08:35:59',
        modifier: server.admin.email,
      })
      expect(await grants(made.id)).toHaveLength(1)
      expect(await find('home', 'user=anna@example.com')).toMatchObject([
        { path: expect.anything() as unknown },
      ])
      const mails = await server.workspace.db.selectFrom('mail').select(['recipient', 'body']).execute()
      expect(mails.find(({ recipient }) => recipient === 'anna@example.com')?.body).toMatch(/> Welcome/)
    })

    it.each<[Json, number, RegExp]>([
      [{}, 400, /not an email/],
      [{ code: 'x' }, 400, /not an email/],
      [{ code: 'x@example.com', role: 'boss' }, 400, /choose/],
      [{ code: 'x@example.com', volumes: ['storage'] }, 400, /Only employees/],
      [{ code: 'x@example.com', role: 'employee', volumes: ['none'] }, 404, /no volume "none"/],
      [{ code: 'x@example.com', role: 'employee', volumes: [5] }, 400, /list of ids or codes/],
      [{ code: 'x@example.com', queue: 'none' }, 404, /queue/],
      [{ code: 'x@example.com', inactive: true }, 400, /cannot be given/],
      [{ code: 'erik@example.com' }, 409, /already/],
    ])('make sense, or nothing is left of them: %j', async (data, status, words) => {
      const answer = await server.send('POST', 'user/create', { data })
      expect([answer.status, answer.body.message]).toEqual([status, expect.stringMatching(words)])
      expect(await find('user', 'code=x@example.com')).toEqual([])
      const account = database.store.installation.selectFrom('account').select('id')
      expect(await account.where('email', '=', 'x@example.com').execute()).toEqual([])
    })

    it('are made once, however often at once', async () => {
      const data = { code: 'crowd@example.com' }
      const all = await Promise.all(
        [1, 2, 3, 4].map(async () => await server.send('POST', 'user/create', { data })),
      )
      expect(all.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409])
    })

    it('lose their access with their role, and what was handed out', async () => {
      const { id } = await create({ code: 'rise@example.com', role: 'employee', volumes: ['storage'] })
      const user = String(id)
      const client = await insertClient(server, user)
      await server.result('POST', 'user/invitation', { id: user, data: {} })
      expect([await count('acl', user), await count('invitation', user)]).toEqual([1, 2])
      expect((await edit(user, { name: 'Rise', role: 'employee' })).status).toBe(200)
      expect(await count('acl', user)).toBe(1)
      expect((await edit(user, { role: 'standard' })).status).toBe(200)
      expect([await count('acl', user), await count('invitation', user)]).toEqual([0, 1])
      expect(server.hub.sent.at(-1)).toMatchObject({
        client,
        message: { type: 'refused', code: 'forbidden' },
      })
      const events = await server.workspace.db.selectFrom('event').select(['entitytype', 'change']).execute()
      expect(events).toContainEqual({ entitytype: 'acl', change: 'deleted' })
    })

    it('never lose the last admin, whoever tries at the same moment', async () => {
      const [one, two] = [
        await server.member('one@example.com', 'admin'),
        await server.member('two@example.com', 'admin'),
      ]
      // The first admin is out of the way: those two are all there are.
      expect((await edit(server.admin.id, { status: 'disabled' }, one)).status).toBe(200)
      const acts = [
        async () => await edit(two.id, { role: 'standard' }, one),
        async () => await edit(one.id, { status: 'disabled' }, two),
        async () => await server.send('DELETE', 'user/delete', { as: two, id: one.id }),
        async () => await server.send('DELETE', 'user/deactivate', { as: one, id: two.id }),
      ]
      const answers = await Promise.all(acts.map(async (act) => await act()))
      expect(answers.filter(({ status }) => status === 200)).not.toHaveLength(acts.length)
      for (const { status, body } of answers) {
        if (status !== 200)
          expect(body.message).toMatch(/last admin|have just changed|is no user|disabled|no user/)
      }
      const left = await server.workspace.db
        .selectFrom('user')
        .select('id')
        .where('role', '=', 'admin')
        .where('status', '=', 'enabled')
        .where('inactive', '=', 0)
        .execute()
      expect(left).toHaveLength(1)
      await server.workspace.db
        .updateTable('user')
        .set({ status: 'enabled' })
        .where('id', '=', server.admin.id)
        .execute()
    })

    it('go with home, access, clients, settings and invitations; account and keys stay', async () => {
      const leaver = await server.member('leaver@example.com', 'standard')
      const { id, email, key } = leaver
      const home = (await server.result('POST', 'home/create', { data: { user: id } })) as Json[]
      await insertClient(server, id)
      await server.result('POST', 'user/invitation', { id, data: {} })
      await server
        .result('PUT', 'setting', {
          id,
          data: { entitytype: 'user', name: 'transfer_speedlimit', value: '5' },
        })
        .catch(() => undefined)
      expect(await server.result('DELETE', 'user/delete', { id })).toBe(true)
      expect(server.jobs.told).toContain(`abort user ${id}`)
      expect(server.jobs.told).toContain(`abort home ${String(home[0]?.id)}`)
      for (const table of ['acl', 'client', 'share', 'invitation'] as const)
        expect(await count(table, id)).toBe(0)
      const settings = server.workspace.db.selectFrom('setting').selectAll().where('entity', '=', id)
      expect(await settings.execute()).toEqual([])
      expect(await verifyKey(database.store, email, key, server.clock.time)).toBeDefined()
      expect(await server.result('GET', 'user/find', { id })).toEqual([])
    })

    it('that keep starting jobs are not deleted under them', async () => {
      const busy = await server.member('busy@example.com', 'standard')
      // The double aborts nothing, as if new jobs came each time.
      const job = await insertJob(server, { user: busy.id })
      expect(await server.send('DELETE', 'user/delete', { id: busy.id })).toMatchObject({ status: 409 })
      await server.workspace.db.deleteFrom('job').where('id', '=', job).execute()
      expect(await server.result('DELETE', 'user/delete', { id: busy.id })).toBe(true)
    })

    it.each([
      ['made', (user: string) => ({ user })],
      ['send', (user: string) => ({ source_type: 'user' as const, source_id: user })],
      ['receive', (user: string) => ({ destination_type: 'user' as const, destination_id: user })],
    ])('are not set aside while there is an active job that they %s', async (_, sides) => {
      const user = await server.member(`${newId()}@example.com`, 'standard')
      const job = await insertJob(server, { name: 'rushes', ...sides(user.id) })
      const aside = async () => await server.send('DELETE', 'user/deactivate', { as: erik, id: user.id })
      expect(await aside()).toMatchObject({
        status: 409,
        body: { message: expect.stringMatching(/rushes/) as unknown },
      })
      await server.workspace.db
        .updateTable('job')
        .set({ population: 'finished' })
        .where('id', '=', job)
        .execute()
      expect(await aside()).toMatchObject({ status: 200 })
    })

    it('come back with home and access, by code too', async () => {
      const { id, code } = await create({ code: 'back@example.com', create_home_share: true })
      const [storage] = await find('volume', 'default=true')
      const folder = { name: 'Rushes', parent: storage?.id, path: 'rushes' }
      const [made] = (await server.result('POST', 'folder/create', { data: folder })) as Json[]
      const acl = { entity: `user:${String(id)}`, target: `share:${String(made?.id)}`, read: true }
      await server.result('POST', 'acl/create', { data: acl })
      const inForce = async () => (await find('home', `user=${String(code)}`)).length
      const acls = async () =>
        ((await server.result('GET', 'acl/find', { query: `acl WHERE entity=user:${String(id)}` })) as Json[])
          .length
      expect([await inForce(), await acls()]).toEqual([1, 1])
      expect(await server.result('DELETE', 'user/deactivate', { id: String(id) })).toBe(true)
      expect([await inForce(), await acls()]).toEqual([0, 0])
      expect(await find('user', 'code=back@example.com', { inactive: true })).toMatchObject([
        { inactive: true },
      ])
      expect(await server.result('POST', 'user/activate', { query: 'code="BACK@example.com"' })).toBe(true)
      expect([await inForce(), await acls()]).toEqual([1, 1])
    })

    it('are written down: who, from where, with what, what was asked for', async () => {
      const { id } = await create({ code: 'noted@example.com' }, erik)
      await edit(String(id), { name: 'Noted' }, erik)
      await server.result('DELETE', 'user/deactivate', { as: erik, id: String(id) })
      await server.result('POST', 'user/activate', { id: String(id) })
      await server.result('DELETE', 'user/delete', { id: String(id) })
      const rows = await server.workspace.db
        .selectFrom('audit')
        .select(['email', 'role', 'device', 'address', 'change', 'details'])
        .where('entity', '=', String(id))
        .orderBy('id')
        .execute()
      const by = { email: erik.email, role: 'employee', device: 'test', address: '127.0.0.1' }
      expect(
        rows.map(({ details, ...row }) => ({ ...row, details: JSON.parse(details ?? 'null') as unknown })),
      ).toEqual([
        { ...by, change: 'created', details: { email: 'noted@example.com', role: 'standard', mail: true } },
        { ...by, change: 'changed', details: { name: 'Noted' } },
        { ...by, change: 'deactivated', details: null },
        { ...by, email: server.admin.email, role: 'admin', change: 'activated', details: null },
        {
          ...by,
          email: server.admin.email,
          role: 'admin',
          change: 'deleted',
          details: { code: 'noted@example.com' },
        },
      ])
    })
  })
})
