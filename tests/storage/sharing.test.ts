import { access, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  Agent,
  makeFile,
  tempDirectory,
  transferred,
  type WireClient,
  waitFor,
  waitForStatus,
} from '@waybill/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import { cleanUpAfterwards, openStudio, type Studio, storageFile } from '../studio.js'

let studio: Studio
let lisa: WireClient
let laptop: Agent
/** A directory of Lisa's machine. */
let local: string

cleanUpAfterwards()
beforeAll(async () => {
  studio = await openStudio()
  lisa = await studio.plane.addUser('lisa@example.com', 'standard')
  laptop = await Agent.start({ plane: studio.plane, name: 'laptop', user: lisa })
  local = tempDirectory('laptop')
})

const grant = async (target: string, more: object = {}): Promise<unknown> =>
  await studio.admin.result('POST', 'acl/create', {
    data: { entity: 'lisa@example.com', target, read: true, ...more },
  })

const refused = async (source: string, destination: string): Promise<string> => {
  const { body } = await lisa.event('POST', 'transfer/create', { data: { source, destination } })
  return String(body.message)
}

describe('a folder that was granted to a standard user', () => {
  test('is made on the storage, read and written; the rest of the volume is not there', async () => {
    const folder = await studio.admin.create('folder', { path: 'shows/seagull', name: 'Sea Gull' })
    expect(folder).toMatchObject({ code: 'sea-gull', status: 'enabled', path: 'shows/seagull' })
    await access(join(studio.storage, 'shows/seagull'))
    await storageFile(studio, 'shows/seagull/in/take.mov', 5000)
    await storageFile(studio, 'shows/other/secret.mov')
    expect(await refused('folder=sea-gull/in', join(local, 'x'))).toMatch(/There is no/)
    await grant('sea-gull', { write: true })

    await transferred(lisa, { source: 'folder=sea-gull/in', destination: `${local}/` })
    expect(await readdir(join(local, 'in'))).toEqual(['take.mov'])
    await makeFile(join(local, 'note.txt'), 300, 1)
    await transferred(lisa, {
      source: laptop.at(join(local, 'note.txt')),
      destination: 'folder=sea-gull/up/',
    })
    expect(await readdir(join(studio.storage, 'shows/seagull/up'))).toEqual(['note.txt'])

    const hidden = await refused('volume=storage/shows/other/secret.mov', join(local, 'y'))
    const missing = await refused('volume=storage/shows/other/missing.mov', join(local, 'y'))
    expect(hidden.replace('secret', 'missing')).toBe(missing)
    expect(await refused('folder=sea-gull/../other/secret.mov', join(local, 'y'))).toMatch(/"\.\."/)
  })

  test('for reading only, and beneath a path, is no more than that', async () => {
    await studio.admin.create('folder', { path: 'shows/dailies' })
    await storageFile(studio, 'shows/dailies/monday/a.mov')
    await storageFile(studio, 'shows/dailies/tuesday/b.mov')
    await grant('dailies', { path: '/monday' })
    await transferred(lisa, { source: 'folder=dailies/monday/a.mov', destination: `${local}/monday/` })
    expect(await refused('folder=dailies/tuesday/b.mov', join(local, 'z'))).toMatch(/There is no/)
    expect(await refused('folder=dailies/', join(local, 'z'))).toMatch(/may not read|There is no/)
    const source = laptop.at(join(local, 'monday/a.mov'))
    expect(await refused(source, 'folder=dailies/monday/c.mov')).toMatch(/may not write/)
  })
})

test('A collection gives files that their reader has no other right to', async () => {
  await storageFile(studio, 'vault/one.mov', 2000)
  await storageFile(studio, 'vault/two/one.mov', 3000)
  const files = ['vault/one.mov', 'volume=storage/vault/two/one.mov']
  const collection = await studio.admin.create('collection', { name: 'Best of', files })
  await grant('best-of')
  const found = await lisa.find('file', undefined, { parent: collection.id })
  expect(found.map(({ name }) => name)).toEqual(['one (2).mov', 'one.mov'])
  await transferred(lisa, { source: 'collection=best-of/one (2).mov', destination: `${local}/best/` })
  expect(await readdir(join(local, 'best'))).toEqual(['one (2).mov'])
  expect(await refused('volume=storage/vault/one.mov', join(local, 'v'))).toMatch(/There is no/)
})

test('A home is its user’s own, and closed to other employees', async () => {
  await studio.admin.create('home', { user: 'lisa@example.com' })
  await writeFile(join(local, 'diary.txt'), 'dear diary')
  await transferred(lisa, { source: laptop.at(join(local, 'diary.txt')), destination: '~/private/' })
  const stored = join(studio.storage, 'homes/lisa@example.com/private/diary.txt')
  expect(await readFile(stored, 'utf8')).toBe('dear diary')

  const emma = await studio.plane.addUser('emma@example.com', 'employee')
  const eve = await studio.plane.addUser('eve@example.com', 'employee')
  await studio.admin.create('home', { user: 'emma@example.com' })
  for (const user of [emma, eve]) {
    const data = { entity: user.access.user, target: 'storage', read: true, write: true }
    await studio.admin.result('POST', 'acl/create', { data })
  }
  const look = { op: 'ls', path: 'volume=storage/homes' }
  const seen = async (as: WireClient) => {
    const result = (await as.result('GET', 'workspace/file', { data: look })) as { filename: string }[]
    return result.map(({ filename }) => filename).sort()
  }
  expect(await seen(emma)).toEqual(['emma@example.com', 'lisa@example.com'])
  expect(await seen(eve)).toEqual(['lisa@example.com'])
})

test('The command line shares, tells who may what, and takes it back', async () => {
  const run = async (...words: string[]) => {
    const ran = await studio.plane.command(words)
    expect(ran, ran.stderr).toMatchObject({ code: 0 })
    return ran.stdout
  }
  expect(await run('folder', 'add', 'volume=storage/clients/acme', '--name', 'Acme')).toMatch(/folder=acme\//)
  await run('grant', 'lisa@example.com', 'acme', '--read', '--path', '/in')
  await run('grant', 'lisa@example.com', 'acme', '--path', 'out')
  const table = await run('access', 'storage', '--recursive', '--of', 'lisa@example.com')
  expect(table).toMatch(/lisa@example.com +folder:acme +\/in +read\n/)
  expect(table).toMatch(/lisa@example.com +folder:acme +\/out +read, write\n/)
  await run('revoke', 'lisa@example.com', 'acme', '--path', '/in')
  expect(await run('access', 'acme')).not.toMatch(/\/in/)
  await run('revoke', 'lisa@example.com', 'acme')
  expect(await run('access', 'acme')).toMatch(/Nothing found/)
  await run('collection', 'add', 'picks', 'clients/acme/a', 'clients/acme/b')
  await run('collection', 'take', 'picks', 'a')
  expect(await run('collection', 'files', 'picks')).toMatch(/b +volume=storage\/clients\/acme\/b/)
  await run('folder', 'deactivate', 'acme')
  await run('folder', 'activate', 'acme')
  await run('folder', 'remove', 'acme')
  const ran = await studio.plane.command(['folder', 'remove', 'acme'])
  expect([ran.code, ran.stderr]).toEqual([2, expect.stringMatching(/folder list/)])
})

test('The command line switches sites and clients, and lets go of them', async () => {
  const run = async (...words: string[]) => {
    const ran = await studio.plane.command(words)
    expect(ran, ran.stderr).toMatchObject({ code: 0 })
    return ran.stdout
  }
  await run('site', 'add', 'oslo')
  await run('site', 'rename', 'oslo', 'Oslo office')
  await run('site', 'disable', 'oslo')
  expect(await run('site', 'list')).toMatch(/oslo +Oslo office +false +disabled/)
  await run('site', 'remove', 'oslo')
  await run('client', 'disable', 'laptop')
  expect(await run('client', 'list')).toMatch(/laptop +app +disabled/)
  await run('client', 'enable', 'laptop')
  const ran = await studio.plane.command(['client', 'remove', 'laptop'])
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringMatching(/online; stop it/)])
})

test('A volume whose directory is gone is offline, and its jobs wait until it is back', async () => {
  const root = join(tempDirectory('nas'), 'film')
  const nas = await Agent.start({ plane: studio.plane, name: 'nas', type: 'server' })
  const made = await studio.plane.command(['volume', 'add', 'film', root, '--agent', 'nas'])
  expect(made, made.stderr).toMatchObject({ code: 0 })
  expect(await studio.plane.command(['volume', 'servers', 'film'])).toMatchObject({ code: 0 })
  const volume = async () => (await studio.admin.find('volume', 'code=film'))[0]
  expect(await volume()).toMatchObject({ status: 'enabled', path: root })

  await nas.stop()
  await rename(root, `${root}.gone`)
  await nas.restart()
  await waitFor(async () => (await volume())?.status === 'offline' || undefined, {
    what: 'film to be missed',
  })
  expect(await volume()).toMatchObject({
    status_hr: expect.stringMatching(/nas: .*does not exist/) as string,
  })
  await makeFile(join(studio.local, 'reel.mov'), 1000, 7)
  const source = studio.desk.at(join(studio.local, 'reel.mov'))
  const job = await studio.admin.create('transfer', { source, destination: 'volume=film/reel.mov' })
  await waitFor(
    async () => (await studio.admin.get('transfer', job.id))?.status_code === 'W#J052' || undefined,
    {
      what: 'the job to wait for the volume',
    },
  )
  await mkdir(`${root}.gone/kept`)

  await nas.stop()
  await rename(`${root}.gone`, root)
  await nas.restart()
  await waitForStatus(studio.admin, job.id, 'done')
  expect((await readdir(root)).sort()).toEqual(['kept', 'reel.mov'])
})
