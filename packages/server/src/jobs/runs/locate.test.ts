import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Studio } from '../ends/testing.js'
import { readTaskParty } from '../task-party.js'
import type { Person, World } from '../testing.js'
import { absolutePath, isLost, Locator } from './locate.js'

let studio: Studio
let world: World
beforeAll(async () => {
  studio = await Studio.open()
  world = studio.world
})
beforeEach(async () => {
  await world.db.deleteFrom('job').where('kind', '=', 'transfer').execute()
  await world.db.deleteFrom('mapping').execute()
})
afterAll(async () => {
  await world.close()
})

/** Makes a transfer; answers with a look at where its first task's files are, as a run would. */
async function transfer(source: string, destination: string, person: Person = world.lisa) {
  const id = await world.create({ source, destination, status: 'paused' }, person)
  const job = await world.job(id)
  const [task] = await world.tasks(id)
  const look = async (side: 'source' | 'destination') => {
    const access = side === 'source' ? 'read' : 'write'
    const locator = new Locator(world.db, { client: job[`${side}_client`] ?? '', job: id, access })
    return await locator.locate(readTaskParty(task?.[side] ?? ''))
  }
  return { source: async () => await look('source'), destination: async () => await look('destination') }
}

const root = '/srv/storage'

describe('what is read on storage', () => {
  it.each([
    ['volume=storage/film/a.mov', { path: 'film/a.mov' }],
    ['folder=trailers/a.mov', { path: 'film/trailers/a.mov', within: 'film/trailers' }],
    ['~/a.mov', { path: 'home/lisa/a.mov', within: 'home/lisa' }],
    ['collection=best/reel1.mov', { path: 'film/reel1.mov', within: 'film' }],
    ['collection=best/stills/1.jpg', { path: 'film/stills/1.jpg', within: 'film' }],
  ])('as %s stays there', async (source, expected) => {
    const job = await transfer(source, '/in/')
    expect(await job.source()).toEqual({ root, ...expected })
  })

  it('by a vendor stays in what was granted to him, however he writes it', async () => {
    const tom = 'tom@example.com@tom-mac:/in/'
    const job = await transfer('volume=storage/film/trailers/v2/a.mov', tom, world.tom)
    const within = 'film/trailers'
    expect(await job.source()).toEqual({ root, path: 'film/trailers/v2/a.mov', within })
  })

  it('and written, is where the share is', async () => {
    const job = await transfer('/home/lisa/a.mov', 'folder=trailers/in/')
    expect(await job.destination()).toEqual({ root, path: 'film/trailers/in/a.mov' })
  })

  it('is lost with the file of a collection, or with the server', async () => {
    const job = await transfer('collection=best/reel1.mov', '/in/')
    const file = await world.db.selectFrom('collection_file').selectAll().execute()
    await world.db.deleteFrom('collection_file').execute()
    expect(await job.source()).toMatchObject({ lost: { code: 'W#J052' } })
    await world.db.insertInto('collection_file').values(file).execute()
    expect(isLost(await job.source())).toBe(false)
  })
})

describe('what is mapped', () => {
  const push = async () => await transfer('folder=trailers/v2/a.mov', 'tom@example.com:folder=trailers/in/')

  it('is where its owner has it, while he lets others', async () => {
    await studio.map(studio.ids.tomsPc, studio.ids.folder, 'D:\\trailers', { write: true })
    const job = await push()
    const found = await job.destination()
    expect(found).toEqual({ root: 'D:\\trailers', path: 'in/a.mov' })
    expect(isLost(found) ? '' : absolutePath(found)).toBe('D:\\trailers\\in\\a.mov')
    await world.db.updateTable('mapping').set({ write: 0 }).execute()
    expect(await job.destination()).toMatchObject({ lost: { code: 'E#J057' } })
    await world.db.deleteFrom('mapping').execute()
    expect(await job.destination()).toMatchObject({ lost: { code: 'E#J057' } })
  })

  it('is the owner’s whatever others may', async () => {
    await studio.map(world.clients.laptop, world.volume, '/home/lisa/storage')
    const job = await transfer('lisa@example.com@laptop:volume=storage/film/a.mov', 'hq')
    expect(await job.source()).toEqual({ root: '/home/lisa/storage', path: 'film/a.mov' })
    expect(await job.destination()).toEqual({ root, path: 'film/a.mov' })
  })
})

describe('an absolute path', () => {
  it.each([
    [{ root: null, path: '/a/b' }, '/a/b'],
    [{ root: '/srv', path: 'a/b' }, '/srv/a/b'],
    [{ root: '/', path: 'a' }, '/a'],
    [{ root: '/srv', path: '' }, '/srv'],
    [{ root: 'S:\\', path: 'a/b' }, 'S:\\a\\b'],
    [{ root: '\\\\nas\\vol', path: 'a/b' }, '\\\\nas\\vol\\a\\b'],
  ])('of %j is %s', (location, path) => {
    expect(absolutePath(location)).toBe(path)
  })
})
