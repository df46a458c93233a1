import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestServer, insertClient, type Member, type TestServer } from '../../http/testing.js'
import { createSqlite, type TestDatabase } from '../../store/testing.js'

type Json = Record<string, unknown>

let database: TestDatabase
let server: TestServer
let lisa: Member
let sam: Member
let erik: Member
let storage: string

beforeAll(async () => {
  database = await createSqlite()
  server = await createTestServer(database.store)
  lisa = await server.member('lisa@example.com', 'standard')
  sam = await server.member('sam@example.com', 'standard')
  erik = await server.member('erik@example.com', 'employee')
  storage = String((await find('volume', 'code=storage'))[0]?.id)
  await grant(erik, storage)
})
afterAll(async () => {
  await server.app.close()
  await database.drop()
})

const find = async (type: string, query?: string, as = server.admin, data: object = {}): Promise<Json[]> =>
  (await server.result('GET', `${type}/find`, {
    as,
    data,
    ...(query === undefined ? {} : { query }),
  })) as Json[]

async function make(type: string, data: object, as = server.admin): Promise<Json> {
  const [made] = (await server.result('POST', `${type}/create`, { as, data })) as Json[]
  return made ?? {}
}

const edit = async (type: string, id: unknown, data: object, as = server.admin): Promise<Json> =>
  ((await server.result('PUT', `${type}/edit`, { as, id: String(id), data })) as Json[])[0] ?? {}

async function refusal(
  method: 'POST' | 'PUT' | 'DELETE',
  uri: string,
  event: { data?: object; id?: unknown; as?: Member },
): Promise<string> {
  const { id, ...rest } = event
  const { status, body } = await server.send(method, uri, {
    ...rest,
    ...(typeof id === 'string' ? { id } : {}),
  })
  expect(status).toBeGreaterThanOrEqual(400)
  expect(status).toBeLessThan(500)
  return String(body.message)
}

async function grant(user: Member, share: string, more: object = {}): Promise<void> {
  const data = { entity: user.email, target: share, read: true, write: true, ...more }
  await server.result('POST', 'acl/create', { data })
}

const codes = (shares: readonly Json[]) => shares.map(({ code }) => code).sort()

describe('folders', () => {
  it.each<[string, object, object]>([
    ['by a name', { name: 'My Show' }, { code: 'my-show', name: 'My Show', path: 'My Show' }],
    ['by a path', { path: 'shows/one' }, { code: 'one', name: 'one', path: 'shows/one' }],
    ['by a path that is taken, too', { path: '/shows/two/one/' }, { code: 'one-2', path: 'shows/two/one' }],
    ['by a volume', { code: 'v', path: 'v/w', parent: 'volume:storage' }, { code: 'v', path: 'v/w' }],
    ['in share notation', { path: 'volume=storage/in/share' }, { code: 'share', path: 'in/share' }],
    ['absolutely', { path: '/srv/storage/in/full' }, { code: 'full', path: 'in/full' }],
    ['beneath a folder', { parent: 'v', path: 'deep/er' }, { code: 'er', path: 'v/w/deep/er' }],
  ])('are made %s', async (_, data, expected) => {
    const made = await make('folder', data)
    expect(made).toMatchObject({
      ...expected,
      parent: storage,
      parent_hr: `volume:storage(${storage})`,
      email: '',
      queue: null,
      status: 'offline',
      status_hr: 'No server that serves it is online',
      inactive: false,
      creator: 'admin@example.com',
      metadata: {},
    })
  })

  it.each<[string, object, RegExp]>([
    ['nothing', {}, /needs a path/],
    ['a path that leaves', { path: 'a/../../b' }, /"\.\."/],
    ['the volume itself', { code: 'x', path: 'volume=storage/' }, /storage itself/],
    ['a code that is taken', { code: 'storage', path: 'x' }, /storage is taken/],
    ['two volumes', { path: 'volume=storage/x', parent: 'nowhere' }, /no volume or folder "nowhere"/],
    ['a machine', { path: 'lisa@example.com:/x' }, /no path on the storage/],
    ['an unknown folder', { path: 'folder=nope/x' }, /There is no "folder=nope\/x"/],
    ['NUL', { path: 'a\0b' }, /NUL/],
    ['a number', { path: 5 }, /has to be text/],
  ])('need sense: %s', async (_, data, words) => {
    expect(await refusal('POST', 'folder/create', { data })).toMatch(words)
  })

  it('are made on the storage where its server is connected', async () => {
    const client = await insertClient(server, server.admin.id, { type: 1, code: 'nas-1' })
    server.hub.online.add(client)
    await server.result('PUT', 'volume/server', { id: storage, data: { client } })
    expect(await make('folder', { path: 'there' })).toMatchObject({ status: 'enabled', status_hr: '' })
    expect(server.hub.asked).toContainEqual({
      client,
      name: 'files.mkdir',
      args: { root: '/srv/storage', exact: true, path: 'there' },
    })
  })

  it('are made, changed and deleted by employees where they may write; never by standard users', async () => {
    const made = await make('folder', { path: 'erik/own' }, erik)
    expect(made).toMatchObject({ creator: erik.email })
    expect(await edit('folder', made.id, { name: 'New', status: 'disabled' }, erik)).toMatchObject({
      name: 'New',
      status: 'disabled',
      status_hr: 'Disabled',
      modifier: erik.email,
    })
    expect(await refusal('POST', 'folder/create', { as: lisa, data: {} })).toMatch(/admins and employees/)
    await grant(lisa, String(made.id))
    expect(codes(await find('folder', undefined, lisa))).toEqual(['own'])
    expect(await refusal('DELETE', 'folder/delete', { as: lisa, id: made.id })).toMatch(/not allowed/)
    expect(await refusal('PUT', 'folder/edit', { as: lisa, id: made.id, data: {} })).toMatch(/employees only/)
    expect(await server.result('DELETE', 'folder/delete', { as: erik, id: String(made.id) })).toBe(true)
    expect(server.jobs.told).toContain(`abort folder ${String(made.id)}`)
    expect(await find('folder', undefined, lisa)).toEqual([])
    expect(await find('acl', `acl where entity=${lisa.email}`)).toEqual([])
  })

  it('are no more than an employee was granted', async () => {
    const nora = await server.member('nora@example.com', 'employee')
    await make('folder', { code: 'hidden', path: 'elsewhere/x' })
    await make('folder', { code: 'seen', path: 'nora/in/x' })
    await grant(nora, storage, { path: '/nora/in', write: false })
    expect(codes(await find('folder', undefined, nora))).toEqual(['seen'])
    expect(await refusal('POST', 'folder/create', { as: nora, data: { path: 'elsewhere/y' } })).toMatch(
      /There is no/,
    )
    expect(await refusal('POST', 'folder/create', { as: nora, data: { path: 'nora/in/y' } })).toMatch(
      /may not write/,
    )
    // The same words whether there is such a share or not.
    for (const parent of ['hidden', 'nothing']) {
      expect(await refusal('POST', 'folder/create', { as: nora, data: { path: 'y', parent } })).toBe(
        `There is no volume or folder "${parent}"`,
      )
    }
  })

  it('are set aside with their ACLs, and brought back by their code', async () => {
    const made = await make('folder', { code: 'aside', path: 'aside' })
    await grant(lisa, String(made.id), { path: '/in' })
    expect(await server.result('DELETE', 'folder/deactivate', { id: String(made.id) })).toBe(true)
    expect(await find('folder', undefined, lisa)).toEqual([])
    expect(await find('acl', 'acl where target=aside')).toEqual([])
    expect(await find('folder', 'code=aside', server.admin, { inactive: true })).toMatchObject([
      { inactive: true },
    ])
    expect(
      await refusal('POST', 'acl/create', { data: { entity: sam.email, target: 'aside', read: true } }),
    ).toMatch(/set aside/)
    expect(await server.result('POST', 'folder/activate', { query: 'aside' })).toBe(true)
    expect(codes(await find('folder', undefined, lisa))).toEqual(['aside'])
    expect(await find('acl', 'acl where target=aside and path=/in and write=true')).toHaveLength(1)
    await server.result('DELETE', 'folder/delete', { id: String(made.id) })
  })

  it('do not lose each other when many ask for one code', async () => {
    const asked = await Promise.all(
      Array.from({ length: 6 }, () =>
        server.send('POST', 'folder/create', { data: { code: 'race', path: 'race' } }),
      ),
    )
    expect(asked.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409, 409])
  })
})

describe('a volume that is set aside', () => {
  it('takes along what lies on it, and brings back what was not set aside by itself', async () => {
    const client = await insertClient(server, server.admin.id, { type: 1, code: 'nas-2' })
    server.hub.online.add(client)
    const volume = await make('volume', { code: 'film', path: '/srv/film', server: 'nas-2' })
    const id = String(volume.id)
    const one = await make('folder', { code: 'film-1', parent: id, path: 'a' })
    const two = await make('folder', { code: 'film-2', parent: id, path: 'b' })
    await grant(sam, String(one.id))
    await grant(sam, String(two.id))
    await server.result('DELETE', 'folder/deactivate', { id: String(two.id) })
    await server.result('DELETE', 'volume/deactivate', { id })
    expect(await find('folder', undefined, sam)).toEqual([])
    expect(await find('volume', 'code=film')).toEqual([])
    await server.result('POST', 'volume/activate', { query: 'code="film"' })
    expect(codes(await find('folder', undefined, sam))).toEqual(['film-1'])
    await server.result('DELETE', 'volume/delete', { id })
    expect(await find('folder', undefined, sam)).toEqual([])
  })
})

describe('homes', () => {
  it('are one for each user, beneath the default volume', async () => {
    const made = await make('home', { user: lisa.email })
    expect(made).toMatchObject({
      code: 'lisa-example.com',
      name: lisa.email,
      path: `homes/${lisa.email}`,
      parent: storage,
      user: lisa.id,
      user_hr: `user:${lisa.email}[standard](${lisa.id})`,
    })
    expect(codes(await find('home', undefined, lisa))).toEqual(['lisa-example.com'])
    expect(await refusal('POST', 'home/create', { data: { user: lisa.id } })).toMatch(/has a home already/)
    expect(await refusal('POST', 'home/create', { data: { user: 'who@example.com' } })).toMatch(/no user/)
    expect(await refusal('POST', 'home/create', { as: lisa, data: {} })).toMatch(/admins and employees/)
  })

  it('are made like folders, too, and given to a user later', async () => {
    const made = await make('home', { code: 'spare', path: 'people/spare' })
    expect(made).toMatchObject({ user: null, user_hr: '', path: 'people/spare' })
    expect(await refusal('PUT', 'home/edit', { id: made.id, data: { user: lisa.id } })).toMatch(/already/)
    expect(await edit('home', made.id, { user: sam.email })).toMatchObject({ user: sam.id })
    expect(codes(await find('home', undefined, sam))).toEqual(['spare'])
  })

  it('of operators are closed to employees, who deal with those of standard users', async () => {
    const admin = await make('home', { user: server.admin.email })
    const own = await make('home', { user: erik.email }, erik)
    expect(codes(await find('home', undefined, erik))).toEqual([
      'erik-example.com',
      'lisa-example.com',
      'spare',
    ])
    expect(await find('home', `id=${String(admin.id)}`, erik)).toEqual([])
    expect(await refusal('DELETE', 'home/delete', { as: erik, id: admin.id })).toMatch(/no home with the id/)
    expect(await refusal('POST', 'home/create', { as: erik, data: { user: server.admin.id } })).toMatch(
      /There is no user/,
    )
    const inside = await make('folder', { code: 'inside', path: `homes/${server.admin.email}/x` })
    expect(await find('folder', `id=${String(inside.id)}`, erik)).toEqual([])
    await grant(erik, String(inside.id))
    expect(await find('folder', `id=${String(inside.id)}`, erik)).toHaveLength(1)
    expect(await server.result('DELETE', 'home/delete', { as: erik, id: String(own.id) })).toBe(true)
  })

  it('are made once, however many ask at once', async () => {
    const anna = await server.member('anna@example.com', 'standard')
    const asked = await Promise.all(
      Array.from({ length: 4 }, (_, n) =>
        server.send('POST', 'home/create', { data: { user: anna.id, code: `anna-${n}` } }),
      ),
    )
    expect(asked.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409])
  })
})

describe('collections', () => {
  const files = async (id: unknown, as = server.admin, query?: string) =>
    await find('file', query, as, { parent: String(id) })

  it('hold files from several shares under names of their own', async () => {
    await make('folder', { code: 'takes', path: 'shows/takes' })
    const made = await make('collection', {
      name: 'Best of',
      files: ['folder=takes/a.mov', 'shows/other/a.mov', 'volume=storage/shows/takes/a.mov'],
    })
    expect(made).toMatchObject({ code: 'best-of', parent: null, path: '', status: 'enabled' })
    const [first, second, ...others] = await files(made.id)
    expect(others).toEqual([])
    expect(first).toMatchObject({ name: 'a (2).mov', path: 'volume=storage/shows/other/a.mov' })
    expect(second).toMatchObject({
      name: 'a.mov',
      path: 'volume=storage/shows/takes/a.mov',
      parent: made.id,
      parent_hr: `collection:best-of(${String(made.id)})`,
      creator: 'admin@example.com',
    })
    expect(String(second?.id)).toMatch(/^[0-9a-f]{8}-/)
    expect(await files(made.id, server.admin, 'path contains other')).toMatchObject([{ id: first?.id }])
    expect(await server.result('GET', 'file/find', { id: String(first?.id) })).toMatchObject([
      { id: first?.id },
    ])
    const outside = { id: made.id, data: { files: ['~/../x'] } }
    expect(await refusal('POST', 'file/add', outside)).toMatch(/"\.\."/)
    const list = await server.result('POST', 'file/add', { id: String(made.id), data: { files: ['b.mov'] } })
    expect(list).toMatchObject([{ name: 'a (2).mov' }, { name: 'a.mov' }, { name: 'b.mov' }])
    const remove = { id: String(made.id), data: { files: [first?.id] } }
    expect(await server.result('DELETE', 'collection/file/remove', remove)).toBe(true)
    expect(await refusal('DELETE', 'collection/file/remove', remove)).toMatch(/There is no file/)
    const [takes] = await find('folder', 'code=takes')
    await server.result('DELETE', 'folder/delete', { id: String(takes?.id) })
    expect((await files(made.id)).map(({ name }) => name)).toEqual(['b.mov'])
  })

  it.each<[string, unknown, RegExp]>([
    ['an absolute path', ['/srv/storage/a.mov'], /absolute/],
    ['a drive', ['C:\\a.mov'], /absolute/],
    ['a whole volume', ['volume=storage/'], /whole share/],
    ['a number', [5], /list of paths/],
    ['a machine', ['lisa@example.com:a'], /no path on the storage/],
    ['nothing there', ['volume=nope/a'], /There is no/],
  ])('refuse %s', async (_, list, words) => {
    const data = { code: 'refused', files: list }
    expect(await refusal('POST', 'collection/create', { data })).toMatch(words)
    expect(await find('collection', 'code=refused')).toEqual([])
  })

  it('are filled with what the caller may read, and read by whom they were granted to', async () => {
    const nils = await server.member('nils@example.com', 'employee')
    await grant(nils, storage, { path: '/nils', write: false })
    expect(
      await refusal('POST', 'collection/create', { as: nils, data: { code: 'n', files: ['secret/a'] } }),
    ).toMatch(/There is no "/)
    const made = await make('collection', { code: 'nils', files: ['nils/a', 'nils/b'] }, nils)
    expect(await files(made.id, lisa)).toEqual([])
    const share = {
      as: nils,
      data: { entity: lisa.email, target: `share:${String(made.id)}`, read: true, path: 'a' },
    }
    await server.result('POST', 'acl/create', share)
    expect(codes(await find('collection', undefined, lisa))).toEqual(['nils'])
    expect((await files(made.id, lisa)).map(({ name }) => name)).toEqual(['a'])
    const add = { as: lisa, id: made.id, data: { files: ['~/x'] } }
    expect(await refusal('POST', 'file/add', add)).toMatch(/right to write/)
    expect(await refusal('POST', 'file/add', { ...add, as: sam })).toMatch(/no collection with the id/)
    // Erik has all of the volume, so he has what is on it alone.
    expect(codes(await find('collection', undefined, erik))).toContain('nils')
    await grant(lisa, String(made.id), { read: false })
    await make('folder', { code: 'lisas', path: 'lisas' })
    await grant(lisa, 'lisas')
    await server.result('POST', 'file/add', {
      as: lisa,
      id: String(made.id),
      data: { files: ['folder=lisas/c'] },
    })
    expect((await files(made.id)).map(({ name }) => name)).toEqual(['a', 'b', 'c'])
  })
})
