import { newId } from '@waybill/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestServer, type Member, type TestServer } from '../../http/testing.js'
import { createSqlite, type TestDatabase } from '../../store/testing.js'

type Json = Record<string, unknown>

let database: TestDatabase
let server: TestServer
let lisa: Member
let erik: Member
let show: string

beforeAll(async () => {
  database = await createSqlite()
  server = await createTestServer(database.store)
  lisa = await server.member('lisa@example.com', 'standard')
  erik = await server.member('erik@example.com', 'employee')
  const data = { code: 'show', path: 'shows/show' }
  const [folder] = (await server.result('POST', 'folder/create', { data })) as Json[]
  show = String(folder?.id)
})
afterAll(async () => {
  await server.app.close()
  await database.drop()
})

const acls = async (query: string, more: object = {}, as = server.admin): Promise<Json[]> =>
  (await server.result('GET', 'acl/find', { as, query: `acl where ${query}`, data: more })) as Json[]

const grant = async (data: object, as = server.admin): Promise<unknown> =>
  await server.result('POST', 'acl/create', { as, data: { read: true, ...data } })

const edit = async (id: unknown, data: object, as = server.admin): Promise<unknown> =>
  ((await server.result('PUT', 'acl/edit', { as, id: String(id), data })) as Json[])[0]

async function refusal(
  method: 'POST' | 'PUT' | 'DELETE',
  uri: string,
  event: { data?: object; id?: string; as?: Member },
): Promise<string> {
  const { status, body } = await server.send(method, uri, event)
  expect(status).toBeGreaterThanOrEqual(400)
  expect(status).toBeLessThan(500)
  return String(body.message)
}

const mails = async () => await server.workspace.db.selectFrom('mail').selectAll().orderBy('id').execute()

describe('a grant', () => {
  it.each<[string, string]>([
    ['nothing', ''],
    ['a slash', '/'],
    ['the share itself', 'folder=show/'],
  ])('on all of a share: %s', async (_, path) => {
    const [acl] = (await grant({ entity: lisa.email, target: 'show', path })) as Json[]
    expect(acl).toMatchObject({
      entity: `user:${lisa.id}`,
      target: `share:${show}`,
      path: '/',
      read: true,
      write: false,
      paths: [{ path: '/', read: true, write: false }],
      status: 'enabled',
      acknowledged: null,
      token: '',
      creator: 'admin@example.com',
      modifier: 'admin@example.com',
    })
    await server.result('DELETE', 'acl/delete', { id: String(acl?.id) })
  })

  it.each([
    ['with a slash in front', '/a/b/'],
    ['without one', 'a//b'],
    ['in share notation', 'folder=show/a/b'],
    ['from the volume', 'volume=storage/shows/show/a/b'],
    ['from the main site', 'hq:folder=show/a/b'],
    ['with backslashes', 'a\\b'],
  ])('on a path %s', async (_, path) => {
    const [acl] = (await grant({ entity: `user:${lisa.id}`, target: `share:${show}`, path })) as Json[]
    expect(acl).toMatchObject({ path: '/a/b' })
    await server.result('DELETE', 'acl/delete', { id: String(acl?.id) })
  })

  it('adds paths to the one that is there, and changes and takes them one by one', async () => {
    const [acl] = (await grant({ entity: lisa.email, target: show, path: 'a' })) as Json[]
    const id = String(acl?.id)
    expect(await grant({ entity: lisa.email, target: show, path: '/b', write: true })).toEqual([true])
    expect(await grant({ entity: lisa.email, target: show, path: '/b', write: false })).toMatchObject([
      { id },
    ])
    expect(await acls(`entity=${lisa.email}`)).toMatchObject([
      {
        path: '/a',
        paths: [
          { path: '/a', read: true, write: false },
          { path: '/b', read: true, write: false },
        ],
      },
    ])
    expect(await edit(id, { write: true })).toMatchObject({ path: '/a', write: true })
    expect(await edit(id, { path: 'b', read: false, write: true })).toMatchObject({
      paths: [
        { path: '/a', read: true, write: true },
        { path: '/b', read: false, write: true },
      ],
    })
    expect(await edit(id, { path: '/c' })).toMatchObject({ path: '/c', write: true })
    expect(await acls('path=/c and write=true and read=true')).toHaveLength(1)
    expect(await acls('path=/a')).toEqual([])
    expect(await refusal('PUT', 'acl/edit', { id, data: { read: false, write: false } })).toMatch(/delete it/)
    expect(await refusal('DELETE', 'acl/delete', { id, data: { path: '/z' } })).toMatch(/these are: \/c, \/b/)
    expect(await server.result('DELETE', 'acl/delete', { id, data: { path: 'c' } })).toBe(true)
    expect(await acls(`entity=${lisa.email}`)).toMatchObject([{ path: '/b', read: false, write: true }])
    expect(await server.result('DELETE', 'acl/delete', { id, data: { path: '/b' } })).toBe(true)
    expect(await acls(`entity=${lisa.email}`)).toEqual([])
  })

  it('tells the user by mail when asked to', async () => {
    const before = (await mails()).length
    const data = { entity: lisa.email, target: show, write: true, notify: true, message: 'The takes\nof May' }
    const [acl] = (await grant(data)) as Json[]
    expect(acl).toMatchObject({ notify: true, message: 'The takes\nof May' })
    const [mail, ...others] = (await mails()).slice(before)
    expect(others).toEqual([])
    expect(mail).toMatchObject({ recipient: lisa.email, subject: 'admin@example.com shares show with you' })
    expect(mail?.body).toMatch(
      /read and write the folder "show".*\n\n> The takes\n> of May\n\n.*folder=show\//,
    )
    await server.result('DELETE', 'acl/delete', { id: String(acl?.id) })
  })

  it('invites an unknown email, who can use it at once', async () => {
    const before = (await mails()).length
    const [acl] = (await grant({ entity: 'New@Example.com', target: show, notify: true })) as Json[]
    expect(acl?.entity_hr).toMatch(/^user:new@example.com\[standard\]/)
    expect((await mails()).slice(before)).toMatchObject([{ recipient: 'new@example.com' }])
  })

  it.each<[string, object, RegExp]>([
    ['without rights', { read: false }, /read, to write/],
    ['on a path that leaves', { path: 'a/../..' }, /leave/],
    ['on a path elsewhere', { path: 'volume=storage/other' }, /does not lie beneath show/],
    ['on a path of nothing', { path: 'folder=nope/x' }, /There is no/],
    ['on a machine', { path: 'lisa@example.com:/x' }, /no path/],
    ['on nothing', { target: newId() }, /no share/],
    ['to nobody', { entity: 'who@example.com', invite: false }, /no user/],
    ['to no email', { entity: 'nobody' }, /no user/],
    ['on a volume, to a standard user', { target: 'storage' }, /share a folder/],
    ['on a volume, to an unknown email', { target: 'storage', entity: 'x@example.com' }, /share a folder/],
  ])('is refused %s', async (_, data, words) => {
    const whole = { entity: lisa.email, target: show, read: true, ...data }
    expect(await refusal('POST', 'acl/create', { data: whole })).toMatch(words)
    expect(await server.result('GET', 'user/find', { query: 'code=x@example.com', data: {} })).toEqual([])
  })

  it('is kept once, when many are made at once', async () => {
    const paths = Array.from({ length: 8 }, (_, n) => `/p${n}`)
    const data = { entity: lisa.email, target: show, read: true }
    await Promise.all(
      paths.map(async (path) => await server.result('POST', 'acl/create', { data: { ...data, path } })),
    )
    const [acl, ...others] = await acls(`entity=${lisa.email}`)
    expect(others).toEqual([])
    const granted = ((acl?.paths ?? []) as Json[]).map(({ path }) => path)
    expect(granted.sort()).toEqual(paths)
    await server.result('DELETE', 'acl/delete', { id: String(acl?.id) })
  })
})

describe('employees', () => {
  it('give to standard users what they have themselves, and take it back', async () => {
    const asked = { entity: lisa.email, target: show, read: true, write: true }
    const as = erik
    expect(await refusal('POST', 'acl/create', { as, data: asked })).toMatch(/There is no share/)
    await grant({ entity: erik.email, target: 'storage', path: '/shows', write: false })
    expect(await refusal('POST', 'acl/create', { as, data: asked })).toMatch(/have the right yourself/)
    const [acl] = (await grant({ ...asked, write: false }, erik)) as Json[]
    const id = String(acl?.id)
    expect(await refusal('PUT', 'acl/edit', { as, id, data: { write: true } })).toMatch(/right yourself/)
    expect(await edit(id, { message: 'hello' }, erik)).toMatchObject({ message: 'hello' })
    expect(await refusal('PUT', 'acl/edit', { as: lisa, id, data: {} })).toMatch(/admins and employees/)
    expect(await server.result('DELETE', 'acl/delete', { as, id })).toBe(true)
    const [again] = (await grant({ ...asked, write: false }, erik)) as Json[]
    expect(await server.result('DELETE', 'acl/delete', { as: lisa, id: String(again?.id) })).toBe(true)
    const volume = { as, data: { ...asked, target: 'storage', entity: 'x@example.com' } }
    expect(await refusal('POST', 'acl/create', volume)).toMatch(/standard user/)
    expect(await refusal('POST', 'acl/create', { as: lisa, data: asked })).toMatch(/cannot be given/)
    expect(await refusal('POST', 'acl/create', { as: lisa, data: {} })).toMatch(/admins and employees/)
    const [own] = await acls(`entity=${erik.email}`)
    const more = { as, id: String(own?.id), data: { write: true } }
    expect(await refusal('PUT', 'acl/edit', more)).toMatch(/beneath volumes/)
  })
})

describe('a list', () => {
  it('takes what lies beneath a share along', async () => {
    const inner = { code: 'inner', parent: show, path: 'in' }
    await server.result('POST', 'folder/create', { data: inner })
    await server.result('POST', 'folder/create', { data: { code: 'shows-2', path: 'shows-2' } })
    for (const target of ['inner', 'shows-2', 'show']) await grant({ entity: lisa.email, target })
    const targets = async (query: string, recursive: boolean) =>
      (await acls(query, { recursive })).map(({ target_hr }) => /:(.*)\(/.exec(String(target_hr))?.[1]).sort()
    expect(await targets('target=storage', false)).toEqual(['storage'])
    expect(await targets('target=storage', true)).toEqual(
      ['inner', 'show', 'show', 'shows-2', 'storage'].sort(),
    )
    expect(await targets(`target=share:${show} and entity=${lisa.email}`, true)).toEqual(['inner', 'show'])
    expect(await targets('not (target=show)', true)).toEqual(['shows-2', 'storage'])
    expect(await targets(`entity=${lisa.email}`, true)).toEqual(['inner', 'show', 'shows-2'])
    expect(await acls('target=nothing', { recursive: true })).toEqual([])
  })
})
