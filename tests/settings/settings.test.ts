import { link, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Entity, transferred, waitForStatus } from '@waybill/testkit'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { cleanUpAfterwards, openStudio, type Studio } from '../studio.js'

// Settings that change what agents do, from the wire to the disk.

cleanUpAfterwards()
let studio: Studio
let local: string
let remote: string
let round = 0

beforeAll(async () => {
  studio = await openStudio()
})

/** Writes files with a time in the past; answers with nothing. */
async function write(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
    await utimes(join(root, path), 1_700_000_000, 1_700_000_000)
  }
}

async function namesIn(root: string): Promise<string[]> {
  return (await readdir(root, { recursive: true })).sort()
}

/** A directory of the desk and one on the storage, with a transfer from one to the other. */
async function fresh(here: Record<string, string>, there: Record<string, string>): Promise<void> {
  round += 1
  local = join(studio.local, `round ${round}`)
  remote = join(studio.storage, `round ${round}`)
  await write(local, here)
  await write(remote, there)
}
const upload = (more: object = {}) => ({
  source: studio.desk.at(local),
  destination: `volume=storage/round ${round}`,
  ...more,
})
const failing = async (more: object): Promise<Entity> => {
  const job = await studio.admin.create('transfer', upload(more))
  return await waitForStatus(studio.admin, job.id, 'failed')
}

async function set(data: object, id?: string): Promise<void> {
  expect(await studio.admin.result('PUT', 'setting', { ...(id !== undefined && { id }), data })).toBe(true)
}

describe('one-way sync', () => {
  const onewaysync = { transfer_mode: 'onewaysync' }

  it('deletes what the source lacks, filters apart, and says so', async () => {
    await fresh(
      { a: 'new', 'sub/b': 'b' },
      { a: 'older', 'sub/c': 'c', 'gone/deep/d': 'd', 'cache/x': 'x', 'e.tmp': 'e' },
    )
    const settings = { ...onewaysync, transfer_exclude: 'cache,*.tmp' }
    const job = await transferred(studio.admin, upload({ settings }))
    expect(await namesIn(remote)).toEqual(['a', 'cache', 'cache/x', 'e.tmp', 'sub', 'sub/b'])
    expect(await readFile(join(remote, 'a'), 'utf8')).toBe('new')
    expect(await studio.admin.log(job.id)).toMatch(/gone\/deep\/d: Moved to the trash/)
    // Nothing to do the second time, and nothing is lost by it.
    await transferred(studio.admin, upload({ settings }))
    expect(await namesIn(remote)).toEqual(['a', 'cache', 'cache/x', 'e.tmp', 'sub', 'sub/b'])
  })

  it('deletes nothing when the source is gone, or something failed', async () => {
    await fresh({ a: 'a', b: 'b' }, { 'a/in the way': '', old: 'old' })
    const settings = { ...onewaysync, job_max_retries: '0' }
    const job = await failing({ settings })
    expect(await studio.admin.log(job.id)).toMatch(/W#J059 .*Nothing is deleted/)
    expect(await namesIn(remote)).toEqual(['a', 'a/in the way', 'b', 'old'])
    await rm(local, { recursive: true })
    await failing({ settings })
    expect(await namesIn(remote)).toEqual(['a', 'a/in the way', 'b', 'old'])
  })
})

describe('each task', () => {
  it('has its own settings, over those of shares, queue and job', async () => {
    const { admin } = studio
    await fresh({ 'one/a': 'a', 'two/a': 'a' }, { 'one/old': 'old', 'two/old': 'old' })
    const part = (name: string, settings?: object) => ({
      source: studio.desk.at(join(local, name)),
      destination: `volume=storage/round ${round}/${name}`,
      ...(settings && { settings }),
    })
    const tasks = [part('one', { transfer_mode: 'onewaysync' }), part('two')]
    await transferred(admin, { tasks })
    expect(await namesIn(remote)).toEqual(['one', 'one/a', 'two', 'two/a', 'two/old'])
  })

  it('inherits from the volume, which the queue overrules, which the job overrules', async () => {
    const { admin } = studio
    const files = { 'a.v': '', 'a.q': '', 'a.j': '', a: '' }
    const name = 'transfer_exclude'
    const [queue] = await admin.find('queue', 'code=low')
    await set({ share: 'storage', name, value: '*.v' })
    await set({ entitytype: 'queue', name, value: '*.q' }, queue?.id)
    const left = async (more: object) => {
      await fresh(files, {})
      await transferred(admin, upload(more))
      return (await namesIn(remote)).join(' ')
    }
    expect(await left({})).toBe('a a.j a.q')
    expect(await left({ queue: 'low' })).toBe('a a.j a.v')
    expect(await left({ queue: 'low', settings: { [name]: '*.j' } })).toBe('a a.q a.v')
  })
  afterEach(async () => {
    const off = { name: 'transfer_exclude', recursive: true }
    await studio.admin.result('DELETE', 'setting', { data: off })
  })
})

describe('files that are there', () => {
  it.each([
    [{ transfer_comparison: 'size' }, 'kept'],
    [{ transfer_comparison: 'checksum' }, 'sent'],
    [{ transfer_comparison: 'newer' }, 'kept'],
    [{ transfer_ignore_existing: 'file', transfer_comparison: 'always' }, 'kept'],
    [{ transfer_comparison: 'always' }, 'sent'],
  ])('are %j', async (settings, expected) => {
    await fresh({ a: 'sent' }, { a: 'kept' })
    await utimes(join(remote, 'a'), 1_700_000_500, 1_700_000_500)
    await transferred(studio.admin, upload({ settings }))
    expect(await readFile(join(remote, 'a'), 'utf8')).toBe(expected)
  })

  it('have the attributes that were asked for', async () => {
    await fresh({ a: 'a' }, {})
    await transferred(studio.admin, upload({ settings: { transfer_attributes: 'permissions' } }))
    expect((await stat(join(remote, 'a'))).mtimeMs).toBeGreaterThan(1_700_000_000_000)
  })

  it('stay names of one file, where that is asked for', async () => {
    await fresh({ a: 'a' }, {})
    await link(join(local, 'a'), join(local, 'b'))
    await transferred(studio.admin, upload({ settings: { transfer_attributes: 'times, HardLinks, xattr' } }))
    expect((await stat(join(remote, 'a'))).ino).toBe((await stat(join(remote, 'b'))).ino)
  })
})

describe('what is missing', () => {
  it('is left out with a warning where that is asked for', async () => {
    await fresh({ a: 'a' }, {})
    const part = (name: string) => ({
      source: studio.desk.at(join(local, name)),
      destination: `volume=storage/round ${round}/${name}`,
    })
    const tasks = [part('a'), part('nothing')]
    const job = await transferred(studio.admin, { tasks, settings: { job_on_missing: 'ignore' } })
    const found = await studio.admin.tasks(job.id)
    expect(found.map(({ status }) => status)).toEqual(['done', 'excluded'])
    expect(await studio.admin.log(job.id)).toMatch(/WARNING W#J001/)
  })
})

it('space that is reserved stays free', async () => {
  await fresh({ a: 'a' }, {})
  await set({ share: 'storage', name: 'transfer_reserved_space', value: '100%' })
  const job = await failing({ settings: { job_max_retries: '0' } })
  expect(await studio.admin.log(job.id)).toContain('E#J066')
  expect(await namesIn(remote)).toEqual([])
  await studio.admin.result('DELETE', 'setting', {
    data: { share: 'storage', name: 'transfer_reserved_space' },
  })
  await studio.admin.edit('transfer', job.id, { status: 'waiting' })
  await waitForStatus(studio.admin, job.id, 'done')
})

it('the command line shows and changes them', async () => {
  const run = async (...args: string[]) => await studio.plane.command(['setting', ...args])
  await fresh({ a: 'a' }, {})
  const job = await studio.admin.create('transfer', upload({ status: 'paused' }))
  const of = ['--job', job.id, '--task', '0']
  expect(await run('set', 'transfer_mode', 'onewaysync', ...of)).toMatchObject({ code: 0 })
  expect((await run('get', 'transfer_mode', ...of)).stdout).toBe('onewaysync\n')
  expect((await run('get', '--job', job.id, '--own', '--recursive')).stdout).toMatch(/task .* transfer_mode/)
  expect(await run('remove', 'transfer_mode', '--recursive')).toMatchObject({ code: 0 })
  expect((await run('get', 'transfer_mode', ...of)).stdout).toBe('copy\n')
  expect(await run('set', 'transfer_mode', 'sideways', '--share', 'storage')).toMatchObject({ code: 2 })
  const help = await run('--help')
  expect(help.stdout).toContain('transfer_reserved_space')
  await studio.admin.edit('transfer', job.id, { status: 'aborted' })
})
