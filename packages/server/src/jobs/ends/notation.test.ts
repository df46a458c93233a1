import { WaybillError } from '@waybill/api'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Person } from '../testing.js'
import { Studio } from './testing.js'

let studio: Studio
beforeAll(async () => {
  studio = await Studio.open()
  await studio.map(studio.ids.tomsPc, studio.ids.folder, 'D:\\trailers', { read: true, write: true })
  await studio.map(studio.world.clients.laptop, studio.world.volume, '/home/lisa/storage')
})
beforeEach(async () => {
  await studio.world.db.deleteFrom('job').where('kind', '=', 'transfer').execute()
})
afterAll(async () => {
  await studio.world.close()
})

const fill = (text: string): string =>
  text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const { world, ids } = studio
    const known: Readonly<Record<string, string>> = {
      ...world.clients,
      ...ids,
      storage: world.volume,
      tom: world.tom.id,
      lisa: world.lisa.id,
      workspace: world.workspace.id,
    }
    return known[name] ?? `{${name}}`
  })
const people: Readonly<Record<string, () => Person>> = {
  admin: () => studio.world.admin,
  lisa: () => studio.world.lisa,
  tom: () => studio.world.tom,
}
const person = (name: string): Person => people[name]?.() ?? studio.world.lisa

const hq = (path: string, s?: string) => ({
  party: 'workspace',
  client: 'hq',
  path,
  v: 'storage',
  ...(s === undefined ? {} : { s }),
})
const stockholm = (path: string) => ({ party: 'site', client: 'stockholm', path, v: 'storage' })
const second = (path: string) => ({ party: 'workspace', client: 'secondServer', path, v: 'second' })
const machine = (user: string, client: string, path: string) => ({ party: user, client, path, user })

describe('a source', () => {
  it.each<[string, object, string?]>([
    ['volume=storage/a.mov', hq('a.mov')],
    ['volume={storage}/a.mov', hq('a.mov')],
    ['volume=(default)/a.mov', hq('a.mov')],
    ['Volume=STORAGE/a.mov', hq('a.mov')],
    ['folder=trailers/a.mov', hq('a.mov', 'folder')],
    ['folder={folder}/a.mov', hq('a.mov', 'folder')],
    ['home=lisa/a.mov', hq('a.mov', 'home')],
    ['home=lisa@example.com/a.mov', hq('a.mov', 'home')],
    ['home={home}/a.mov', hq('a.mov', 'home')],
    ['~/a.mov', hq('a.mov', 'home')],
    ['~/a.mov', hq('a.mov', 'tomsHome'), 'tom'],
    ['collection=best/reel1.mov', hq('reel1.mov', 'collection')],
    ['collection=best/stills/1.jpg', hq('stills/1.jpg', 'collection')],
    ['share=storage/a.mov', hq('a.mov')],
    ['share=trailers/a.mov', hq('a.mov', 'folder')],
    ['share=lisa/a.mov', hq('a.mov', 'home')],
    ['share=best/reel1.mov', hq('reel1.mov', 'collection')],
    ['folder=trailers', hq('', 'folder')],
    ['a.mov', hq('a.mov')],
    ['./hq', hq('hq')],
    ['/srv/storage/film/a.mov', hq('film/a.mov')],
    ['hq:volume=storage/a.mov', hq('a.mov')],
    ['hq:a.mov', hq('a.mov')],
    ['studio:a.mov', hq('a.mov')],
    ['STUDIO:~/a.mov', hq('a.mov', 'home')],
    ['workspace=studio:a.mov', hq('a.mov')],
    ['workspace={workspace}:a.mov', hq('a.mov')],
    ['site=hq:a.mov', hq('a.mov')],
    ['site={hqSite}:a.mov', hq('a.mov')],
    ['client={hq}:a.mov', hq('a.mov')],
    ['hq:/srv/storage/a.mov', hq('a.mov')],
    ['site=stockholm:volume=storage/a.mov', stockholm('a.mov')],
    ['site=stockholm:/srv/storage/a.mov', stockholm('a.mov')],
    ['site=stockholm:a.mov', stockholm('a.mov')],
    ['volume=second/a.mov', second('a.mov'), 'admin'],
    ['/mnt/second/a/b.mov', second('a/b.mov'), 'admin'],
    ['/Volumes/second/a.mov', second('a.mov'), 'admin'],
    ['S:\\second\\a\\b.mov', second('a/b.mov'), 'admin'],
    ['s:/SECOND/a.mov', second('a.mov'), 'admin'],
    ['volume=second\\a\\b.mov', second('a/b.mov'), 'admin'],
    ['dir/movie.%04d.jpg[100-167]', hq('dir/movie.%04d.jpg[100-167]')],
  ])('%s', async (source, expected, who = 'lisa') => {
    // Admins have no machine here: they push to what Tom mapped.
    const own = { lisa: 'client={desktop}:/in/x', tom: 'tom@example.com@tom-mac:/in/x' }
    const destination = who === 'lisa' || who === 'tom' ? own[who] : 'tom@example.com:folder=trailers/x'
    const { source: found } = await studio.ends(fill(source), fill(destination), person(who))
    expect(found).toEqual([expected])
  })
})

describe('a destination', () => {
  it.each<[string, object, string?]>([
    ['lisa@example.com@laptop:/in/b.mov', machine('lisa', 'laptop', '/in/b.mov')],
    ['lisa@example.com@LAPTOP:/in/', machine('lisa', 'laptop', '/in/a.mov')],
    ['user={lisa}:/in/', machine('lisa', 'desktop', '/in/a.mov')],
    ['user=lisa@example.com:/in/', machine('lisa', 'desktop', '/in/a.mov')],
    ['client={laptop}:/in', machine('lisa', 'laptop', '/in')],
    ['/Volumes/EDIT/from_client', machine('lisa', 'desktop', '/Volumes/EDIT/from_client')],
    // Volumes that somebody has nothing to do with are none: this is a place on an own machine.
    ['/mnt/second/x', machine('lisa', 'desktop', '/mnt/second/x')],
    ['tom@example.com@tom-pc:C:\\in\\', machine('tom', 'tomsPc', 'C:\\in\\a.mov'), 'tom'],
    ['tom@example.com@tom-pc:c:/in/b.mov', machine('tom', 'tomsPc', 'C:\\in\\b.mov'), 'tom'],
    ['tom@example.com@tom-pc:\\\\nas\\vol\\in\\', machine('tom', 'tomsPc', '\\\\nas\\vol\\in\\a.mov'), 'tom'],
    ['tom@example.com@tom-mac:/Users/tom/', machine('tom', 'tomsMac', '/Users/tom/a.mov'), 'tom'],
    ['site=stockholm:volume=storage/b.mov', stockholm('b.mov')],
    ['hq:in/', hq('in/a.mov')],
    ['volume=storage/film/trailers/b.mov', hq('film/trailers/b.mov')],
    ['folder=trailers/b.mov', hq('b.mov', 'folder')],
    ['site=stockholm:in/', stockholm('in/a.mov')],
    ['site=stockholm', stockholm('film/trailers/a.mov')],
    ['client={stockholm}', stockholm('film/trailers/a.mov')],
    [
      'tom@example.com:folder=trailers/in/',
      { ...machine('tom', 'tomsPc', 'in/a.mov'), v: 'storage', s: 'folder' },
    ],
    [
      'tom@example.com:volume=storage/film/trailers/b.mov',
      { ...machine('tom', 'tomsPc', 'film/trailers/b.mov'), v: 'storage' },
    ],
    ['tom@example.com', { ...machine('tom', 'tomsPc', 'film/trailers/a.mov'), v: 'storage' }],
    ['lisa@example.com@laptop:volume=storage/x/', { ...machine('lisa', 'laptop', 'x/a.mov'), v: 'storage' }],
    ['lisa@example.com@laptop', { ...machine('lisa', 'laptop', 'film/trailers/a.mov'), v: 'storage' }],
    ['lisa@example.com@desktop', { party: 'lisa', user: 'lisa', client: 'desktop' }],
  ])('%s', async (destination, expected, who = 'lisa') => {
    const { destination: found } = await studio.ends('folder=trailers/a.mov', fill(destination), person(who))
    expect(found).toEqual([expected])
  })

  it.each<[string, string, string]>([
    ['volume=storage/in', 'folder=trailers', 'in'],
    ['volume=storage/in/', 'folder=trailers', 'in/trailers'],
    ['volume=storage/in/', 'home=lisa/x/', 'in/x'],
    ['volume=storage/in/', 'volume=storage', 'in'],
    ['volume=storage/in/', 'x/a.%04d.exr[1-9]', 'in'],
    ['volume=storage/in', 'x/a.%04d.exr[1-9]', 'in'],
    ['volume=storage/in/a.%04d.exr[1-9]', 'x/a.%04d.exr[1-9]', 'in'],
    ['', 'x/a.%04d.exr[1-9]', 'x'],
    ['', 'folder=trailers/a/', 'film/trailers/a'],
  ])('%j gets %s as %s', async (destination, source, path) => {
    const { destination: found } = await studio.ends(
      source,
      `site=stockholm${destination && `:${destination}`}`,
    )
    expect(found).toEqual([stockholm(path)])
  })

  it('gets each file of a collection, in a directory of its name where the path ends in a slash', async () => {
    const at = async (destination: string) => (await studio.ends('collection=best', destination)).destination
    const paths = (ends: Awaited<ReturnType<typeof at>>) => ends.map((end) => ('path' in end ? end.path : ''))
    expect(paths(await at('/in/'))).toEqual(['/in/best/reel1.mov', '/in/best/stills'])
    expect(paths(await at('/in'))).toEqual(['/in/reel1.mov', '/in/stills'])
    expect(paths(await at('site=stockholm'))).toEqual(['film/reel1.mov', 'film/stills'])
    const { job, source } = await studio.ends('share=best', '/in')
    expect(job.name).toBe('reel1.mov')
    expect(source).toEqual([hq('reel1.mov', 'collection'), hq('stills', 'collection')])
  })
})

describe('is refused:', () => {
  it.each<[string, string | undefined, string, RegExp, string?]>([
    ['a.mov', 'b.mov', 'bad_request', /both relative/],
    ['a.mov', undefined, 'bad_request', /destination is missing/],
    ['a.mov', 'hq:A.mov', 'bad_request', /same place/],
    ['film', 'hq:film/copy', 'bad_request', /same place/],
    ['x/a.%04d.exr[1-9]', 'hq:x/', 'bad_request', /same place/],
    ['client={laptop}:/home/lisa', 'client={laptop}:/home/lisa/copy', 'bad_request', /same place/],
    ['volume=storage/../a', '/in/', 'bad_request', /\.\./],
    ['a\u0000b', '/in/', 'bad_request', /NUL/],
    ['delivery=x/a', '/in/', 'not_available', /Deliveries/],
    ['workspace=other:a', '/in/', 'not_found', /workspace/],
    ['hq:/home/x', '/in/', 'bad_request', /no volume/],
    ['/home/lisa/x', 'site=stockholm', 'bad_request', /mirrored/],
    ['/home/lisa/x', 'collection=best/', 'bad_request', /collection/],
    ['/home/lisa/x', 'collection=best/reel1.mov', 'bad_request', /collection/],
    ['client={hq}:volume=second/a', '/in/', 'bad_request', /serve/, 'admin'],
    ['lisa@example.com:rushes/a', 'hq:', 'bad_request', /absolute/],
    ['lisa@example.com@laptop:/', 'volume=storage/x/', 'bad_request', /whole machine/],
    ['x/a.%04d.exr[1-9]', '/in/b.%04d.exr[1-9]', 'bad_request', /keep their names/],
    // The same words for what is not there and what is not to be seen.
    ['folder=trailers/a', 'nobody@example.com:/x', 'not_found', /^There is no user "nobody@example.com"$/],
    ['folder=trailers/a', 'admin@example.com:/x', 'not_found', /^There is no user "admin@example.com"$/],
    ['folder=trailers/a', 'lisa@example.com', 'not_found', /^There is no user "lisa@example.com"$/, 'tom'],
    ['folder=trailers/a', 'site=stockholm', 'not_found', /^There is no site "stockholm"$/, 'tom'],
    ['folder=trailers/a', 'site=nowhere', 'not_found', /^There is no site "nowhere"$/, 'tom'],
    ['folder=trailers/a', 'client={laptop}:/x', 'not_found', /^There is no client with the id/, 'tom'],
    ['folder=trailers/a', 'client={hq}:/x', 'not_found', /^There is no client with the id/, 'tom'],
    ['volume=storage/a', '/in/', 'not_found', /^There is no "volume=storage\/a" that you may read$/, 'tom'],
    ['volume=nope/a', '/in/', 'not_found', /^There is no "volume=nope\/a" that you may read$/, 'tom'],
    ['home=lisa/a', '/in/', 'not_found', /^There is no "home=lisa\/a" that you may read$/, 'tom'],
    ['volume=second/a', '/in/', 'not_found', /that you may read$/],
    // Machines.
    ['folder=trailers/a', 'tom@example.com:C:\\in\\', 'forbidden', /Only tom@example.com/],
    ['tom@example.com:/Users/tom/a', 'hq:', 'forbidden', /Only tom@example.com/],
    ['tom@example.com@tom-mac:folder=trailers/a', 'hq:', 'forbidden', /mapped on no machine/],
    ['tom@example.com:volume=storage/film/other', 'hq:', 'forbidden', /mapped on no machine/],
    ['folder=trailers/a', 'tom@example.com@tom-pc:/Users/tom/', 'bad_request', /Windows machine/, 'tom'],
    ['folder=trailers/a', 'tom@example.com@tom-mac:C:\\in\\', 'bad_request', /no Windows machine/, 'tom'],
    ['folder=trailers/aux.c', 'tom@example.com@tom-pc:C:\\in\\', 'bad_request', /device/, 'tom'],
    ['folder=trailers/a.', 'tom@example.com:folder=trailers/', 'bad_request', /dot or space/],
    ['volume=second/con.txt', 'tom@example.com:folder=trailers/x', 'bad_request', /device/, 'admin'],
    ['volume=storage/a', 'admin@example.com', 'bad_request', /no client/, 'admin'],
  ])('%s to %s', async (source, destination, code, words, who = 'lisa') => {
    const made = studio.ends(fill(source), destination && fill(destination), person(who))
    const error: unknown = await made.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(WaybillError)
    expect(error).toMatchObject({ code, message: expect.stringMatching(words) as unknown })
  })
})
