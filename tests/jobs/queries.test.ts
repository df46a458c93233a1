import { type Entity, waitForStatus } from '@waybill/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import { cleanUpAfterwards, deskFile, openStudio, pausedUpload, type Studio, storageFile } from '../studio.js'

let studio: Studio
let me: string
const jobs: Record<string, Entity> = {}
cleanUpAfterwards()

beforeAll(async () => {
  studio = await openStudio()
  const { admin, desk, local } = studio
  me = String((await admin.login()).id)
  jobs.plain = await pausedUpload(studio, 'x and y.png', { metadata: { artist: 'Malcolm', shot: 7 } })
  jobs.backup = await pausedUpload(studio, 'b.bin', { name: 'Nightly BACKUP', queue: 'low' })
  jobs.download = await admin.create('transfer', {
    source: await storageFile(studio, 'down.bin'),
    destination: desk.at(`${local}/down.bin`),
    status: 'paused',
    name: 'download',
  })
  jobs.aborted = await pausedUpload(studio, 'aborted.bin', { name: 'given up' })
  await admin.edit('transfer', jobs.aborted.id, { status: 'aborted' })
  jobs.done = await admin.create('transfer', {
    source: desk.at(await deskFile(studio, 'done.bin')),
    destination: 'volume=storage/done.bin',
    name: 'finished',
  })
  await waitForStatus(admin, jobs.done.id, 'done')
})

/** Names of what a query finds, sorted. */
async function names(query?: string, data: Record<string, unknown> = {}): Promise<unknown[]> {
  return (await studio.admin.find('Transfer', query, data)).map((job) => job.name).sort()
}

const live = ['Nightly BACKUP', 'download', 'x and y.png']

describe('what a query finds', () => {
  test('live jobs, without more', async () => {
    expect(await names()).toEqual(live)
  })

  test.each<[string, string[]]>([
    ['name="x and y.png"', ['x and y.png']],
    ["name='x and y.png'", ['x and y.png']],
    ['code="X AND Y.PNG"', ['x and y.png']],
    ['code="* backup"', ['Nightly BACKUP']],
    ['name!="x and y.png"', ['Nightly BACKUP', 'download']],
    ['name<>download', ['Nightly BACKUP', 'x and y.png']],
    ['name contains ight', ['Nightly BACKUP']],
    ['name not contains ight', ['download', 'x and y.png']],
    ['name matches "^x.*png$"', ['x and y.png']],
    ['name not matches "^x"', ['Nightly BACKUP', 'download']],
    ['name in download, "x and y.png"', ['download', 'x and y.png']],
    ['name in ("download","nightly backup")', ['Nightly BACKUP', 'download']],
    ['name not in (download)', ['Nightly BACKUP', 'x and y.png']],
    ['status=paused', live],
    ['status=running', []],
    ['status in paused,waiting AND name=download', ['download']],
    ['((source=hq AND status=paused) OR name=nobody) AND user<>lisa@example.com', ['download']],
    ['name=download OR name="nightly backup" AND status=running', ['download']],
    ['NOT (name=download)', ['Nightly BACKUP', 'x and y.png']],
    ['source=hq', ['download']],
    ['source=studio', ['download']],
    ['destination=hq', ['Nightly BACKUP', 'x and y.png']],
    ['destination=stockholm', []],
    ['user=nobody@example.com', []],
    ['metadata.artist=malcolm', ['x and y.png']],
    ['metadata.shot=7', ['x and y.png']],
    ['metadata.nothing=7', []],
    ['created > 2026-01-01 and created < 2100-01-01T00:00:00', live],
    ['created < 2020-01-01', []],
    ['size >= 0', live],
    ['size > 99999999', []],
    ['progress = 0', live],
  ])('%s', async (query, expected) => {
    expect(await names(query)).toEqual([...expected].sort())
  })

  test('references by id, by email and by what the entity shows', async () => {
    const email = studio.admin.access.user
    const low = (await studio.admin.find('queue', 'code=low'))[0]
    for (const value of [me, email, `user:${me}`]) {
      expect(await names(`user=${value}`)).toEqual(live)
      expect(await names(`destination=${value}`)).toEqual(['download'])
    }
    for (const value of [String(low?.id), 'low', `queue:${String(low?.id)}`])
      expect(await names(`parent=${value}`)).toEqual(['Nightly BACKUP'])
    expect(await names(`source=${String(jobs.download?.source)}`)).toEqual(['download'])
    expect(await names(`id=${String(jobs.download?.id)}`)).toEqual(['download'])
    expect(await names('id=nonsense')).toEqual([])
  })

  test('by pages', async () => {
    const pages = await Promise.all([0, 1, 2, 3].map((skip) => names(undefined, { skip, limit: 1 })))
    expect(pages.flat().sort()).toEqual(live)
    expect(pages[3]).toEqual([])
    await expect(names(undefined, { limit: -1 })).rejects.toThrow(/limit/)
  })
})

describe('populations', () => {
  test('finished holds what is done or aborted', async () => {
    expect(await names(undefined, { finished: true })).toEqual(['finished', 'given up'])
    expect(await names('status=aborted', { finished: true })).toEqual(['given up'])
    expect(await names('status=done', { archived: true })).toEqual([])
  })

  test('an id finds a job whatever its state', async () => {
    for (const job of Object.values(jobs))
      expect((await studio.admin.get('transfer', job.id))?.id).toBe(job.id)
    expect(await studio.admin.get('transfer', '0123456789abcdef01234567')).toBeUndefined()
    expect(await studio.admin.get('transfer', 'nonsense')).toBeUndefined()
  })

  test('a query for one entity looks among live jobs and then among finished ones', async () => {
    expect(await names('name=finished', { single_entity_query: true })).toEqual(['finished'])
    expect(await names('name=download', { single_entity_query: true })).toEqual(['download'])
    expect(await names('name=none', { single_entity_query: true })).toEqual([])
  })

  test('inactive users and shares are in none of the others', async () => {
    expect(await studio.admin.find('user', undefined, { inactive: true })).toEqual([])
    expect(await studio.admin.find('user')).toHaveLength(1)
  })
})

describe('a query that is wrong says what and where', () => {
  test.each<[string, RegExp]>([
    ['colour=red', /colour.*column 1\b|column 1\b.*colour/i],
    ['name=a and colour=red', /column 12\b/i],
    ['name ~ x', /column 6\b/i],
    ['name=', /column 6\b/i],
    ['(name=a', /column|parenthes|\)/i],
    ['name=a)', /column 7\b/i],
    ['name=a and', /column/i],
    ['and name=a', /column 1\b/i],
    ['name="open', /column|quot/i],
    ['name matches "("', /\(/],
    ['created > tomorrow', /tomorrow/],
    ['metadata=', /column/i],
    ['job.id=5', /job\.id|column/i],
  ])('%s', async (query, words) => {
    await expect(names(query)).rejects.toThrow(words)
    await expect(names(query)).rejects.toMatchObject({ answer: { status: 400 } })
  })

  test('a regular expression that would take for ever does not', async () => {
    await pausedUpload(studio, 'many.bin', { name: `${'a'.repeat(5000)}!` })
    expect(await names('name matches "^(a+)+$"')).toEqual([])
    expect(await names('name matches "^(a|a)*b$"')).toEqual([])
  })

  test('nesting without end is refused, not followed', async () => {
    const deep = `${'('.repeat(20_000)}name=a${')'.repeat(20_000)}`
    const answer = await studio.admin.event('GET', 'transfer/find', { query: deep })
    expect(answer.status).toBeLessThan(500)
    expect(await names('name=download')).toEqual(['download'])
  })

  test('what looks like SQL is text', async () => {
    for (const value of ["'; drop table job; --", "' or '1'='1", '%', '_', '\\', '\\%'])
      expect(await names(`name="${value}"`)).toEqual([])
    expect(await names('name contains "%"')).toEqual([])
  })
})
