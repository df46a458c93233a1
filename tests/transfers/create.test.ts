import { existsSync } from 'node:fs'
import { Agent, hashOf, waitFor, waitForStatus } from '@waybill/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import { cleanUpAfterwards, deskFile, openStudio, type Studio, storageFile } from '../studio.js'

let studio: Studio
cleanUpAfterwards()
beforeAll(async () => {
  studio = await openStudio()
})

describe('the forms of tasks', () => {
  test('a list of objects makes one task each, in order', async () => {
    const { admin, desk } = studio
    const paths = await Promise.all(['one', 'two', 'three'].map((name) => deskFile(studio, `list/${name}`)))
    const job = await admin.create('transfer', {
      tasks: paths.map((path) => ({ source: desk.at(path), destination: 'volume=storage/list/' })),
    })
    expect(job).toMatchObject({ name: 'one', code: 'one' })
    await waitForStatus(admin, job.id, 'done')
    const tasks = await admin.tasks(job.id)
    expect(tasks.map((task) => task.uri)).toEqual(['0', '1', '2'])
    expect(await hashOf(`${studio.storage}/list/three`)).toBe(await hashOf(paths[2] ?? ''))
  })

  test('one object with a source is one task', async () => {
    const { admin, desk } = studio
    const path = await deskFile(studio, 'object.bin')
    const job = await admin.create('transfer', {
      tasks: { source: desk.at(path), destination: 'volume=storage/object.bin' },
    })
    await waitForStatus(admin, job.id, 'done')
    expect(await admin.tasks(job.id)).toMatchObject([{ uri: '0', status: 'done' }])
  })

  test('an object keyed by uri names its tasks', async () => {
    const { admin, desk } = studio
    const first = await deskFile(studio, 'keyed/a.mov')
    const second = await deskFile(studio, 'keyed/b.mov')
    const job = await admin.create('transfer', {
      tasks: {
        'shot A': { source: desk.at(first), destination: 'volume=storage/keyed/', priority: 700 },
        shot_b: { source: desk.at(second), destination: 'volume=storage/keyed/', metadata: { take: 2 } },
      },
    })
    await waitForStatus(admin, job.id, 'done')
    const tasks = await admin.tasks(job.id)
    const byUri = new Map(tasks.map((task) => [task.uri, task]))
    expect([...byUri.keys()].sort()).toEqual(['shot A', 'shot_b'])
    expect(byUri.get('shot A')).toMatchObject({ priority: 700 })
    expect(byUri.get('shot_b')).toMatchObject({ priority: 500, metadata: { take: 2 } })
  })

  test('tasks may start on hold, and the job pauses when that is all that is left', async () => {
    const { admin, desk } = studio
    const paths = await Promise.all(['go', 'stay'].map((name) => deskFile(studio, `held/${name}`)))
    const [go = '', stay = ''] = paths
    const job = await admin.create('transfer', {
      tasks: [
        { source: desk.at(go), destination: 'volume=storage/held/' },
        { source: desk.at(stay), destination: 'volume=storage/held/', status: 'onhold' },
      ],
    })
    await waitForStatus(admin, job.id, 'paused')
    expect(existsSync(`${studio.storage}/held/go`)).toBe(true)
    expect(existsSync(`${studio.storage}/held/stay`)).toBe(false)
    await admin.editTasks(job.id, [{ uri: '1', status: 'queued' }])
    await waitForStatus(admin, job.id, 'done')
    expect(existsSync(`${studio.storage}/held/stay`)).toBe(true)
  })
})

describe('what goes with a job', () => {
  test('name, queue, metadata and settings', async () => {
    const { admin, desk } = studio
    const path = await deskFile(studio, 'with.bin')
    const job = await admin.create('transfer', {
      source: desk.at(path),
      destination: 'volume=storage/with.bin',
      name: 'Nightly backup',
      queue: 'high',
      metadata: { artist: 'Malcolm', shots: [1, 2] },
      settings: { transfer_speedlimit: '5' },
      status: 'paused',
    })
    expect(job).toMatchObject({
      name: 'Nightly backup',
      code: 'Nightly backup',
      metadata: { artist: 'Malcolm', shots: [1, 2] },
      status: 'paused',
    })
    expect(String(job.uri).toLowerCase()).toContain('high')
    expect(job).not.toHaveProperty('settings')
  })

  test('a paused job is measured all the same, and moves nothing', async () => {
    const { admin, desk } = studio
    const path = await deskFile(studio, 'measured.bin', 123_456)
    const job = await admin.create('transfer', {
      source: desk.at(path),
      destination: 'volume=storage/measured.bin',
      status: 'paused',
    })
    expect(job.status).toBe('paused')
    const measured = await waitFor(
      async () => {
        const seen = await admin.get('transfer', job.id)
        return seen?.size === 123_456 ? seen : undefined
      },
      { what: 'the size of a paused job' },
    )
    expect(measured).toMatchObject({ status: 'paused', progress: 0 })
    expect(existsSync(`${studio.storage}/measured.bin`)).toBe(false)
    expect(await admin.edit('transfer', job.id, { status: 'waiting' })).toMatchObject({ status: 'waiting' })
    await waitForStatus(admin, job.id, 'done')
    expect(existsSync(`${studio.storage}/measured.bin`)).toBe(true)
  })

  test('append adds to the most recent job with the same parties, and revives it', async () => {
    const { admin, desk } = studio
    const [one, two] = [await deskFile(studio, 'append/1'), await deskFile(studio, 'append/2')]
    const job = await admin.create('transfer', {
      source: desk.at(one),
      destination: 'volume=storage/append/',
    })
    await waitForStatus(admin, job.id, 'done')
    const again = await admin.create('transfer', {
      source: desk.at(two),
      destination: 'volume=storage/append/',
      append: true,
    })
    expect(again).toMatchObject({ id: job.id, status: 'waiting' })
    await waitForStatus(admin, job.id, 'done')
    expect(await admin.tasks(job.id)).toHaveLength(2)
    expect(existsSync(`${studio.storage}/append/2`)).toBe(true)
  })

  test('with several machines online the most recently seen one of the user is meant, or the one named', async () => {
    const { admin, plane } = studio
    const laptop = await Agent.start({ plane, name: 'laptop' })
    const id = await laptop.online()
    const path = await deskFile(studio, 'several.bin')
    for (const party of [`client=${id}`, `${admin.access.user}@laptop`]) {
      const job = await admin.create('transfer', {
        source: `${party}:${path}`,
        destination: `volume=storage/several/${party.slice(0, 6)}`,
      })
      await waitForStatus(admin, job.id, 'done')
      expect(await admin.tasks(job.id)).toMatchObject([{ source: { client: id } }])
    }
    await laptop.stop()
  })

  test('a user without a path as destination has still to choose one', async () => {
    const { admin, plane } = studio
    const lisa = await plane.addUser('lisa@example.com', 'standard')
    const mac = await Agent.start({ plane, name: 'lisa-mac', user: lisa })
    const source = await storageFile(studio, 'for lisa.mov', 500)
    const job = await admin.create('transfer', { source, destination: 'lisa@example.com' })
    expect(await admin.tasks(job.id)).toMatchObject([{ status: 'pending' }])
    expect(await lisa.get('transfer', job.id)).toMatchObject({ id: job.id })
    await mac.stop()
  })
})

describe('what is refused at once', () => {
  const create = (data: object): Promise<unknown> => studio.admin.create('transfer', { ...data })

  test.each<[string, () => object, RegExp]>([
    ['nothing', () => ({}), /source|tasks/i],
    ['no destination', () => ({ source: 'volume=storage/a' }), /destination/i],
    ['no source', () => ({ destination: 'volume=storage/a' }), /source/i],
    ['an empty source', () => ({ source: '', destination: studio.desk.at('/tmp/x') }), /source/i],
    ['an empty list of tasks', () => ({ tasks: [] }), /task|source/i],
    ['a source that is a number', () => ({ source: 5, destination: 'volume=storage/a' }), /source/i],
    ['two relative paths', () => ({ source: 'a', destination: 'b' }), /./],
    ['the same place twice', () => ({ source: 'volume=storage/a', destination: 'volume=storage/a' }), /./],
    ['an unknown attribute', () => ({ ...plain(), colour: 'red' }), /colour/],
    ['an unknown volume', () => ({ ...plain(), destination: 'volume=nowhere/x' }), /nowhere/],
    ['an unknown share', () => ({ ...plain(), destination: 'share=nowhere/x' }), /nowhere/],
    ['an unknown user', () => ({ ...plain(), destination: 'who@example.com:/tmp' }), /who@example\.com/],
    [
      'an unknown machine',
      () => ({ ...plain(), source: `${studio.admin.access.user}@toaster:/x` }),
      /toaster/,
    ],
    ['an unknown client', () => ({ ...plain(), source: 'client=0123456789abcdef01234567:/x' }), /client/i],
    ['a malformed client', () => ({ ...plain(), source: 'client=xyz:/x' }), /client/i],
    ['an unknown site', () => ({ ...plain(), destination: 'site=mars:a' }), /mars/],
    ['an unknown queue', () => ({ ...plain(), queue: 'warp' }), /warp/],
    ['a path out of its share', () => ({ ...plain(), destination: 'volume=storage/../../etc/passwd' }), /./],
    ['a path out of its share, hidden', () => ({ ...plain(), destination: 'volume=storage/a/../../b' }), /./],
    ['NUL in a path', () => ({ ...plain(), destination: 'volume=storage/a\0b' }), /./],
    ['an unwriteable status', () => ({ ...plain(), status: 'running' }), /running|status/],
    ['a status that is none', () => ({ ...plain(), status: 'flying' }), /flying|status/],
    [
      'two different source parties',
      () => ({
        tasks: [
          { source: studio.desk.at('/tmp/a'), destination: 'volume=storage/a' },
          { source: 'volume=storage/b', destination: studio.desk.at('/tmp/b') },
        ],
      }),
      /part(y|ies)|source/i,
    ],
    [
      'a priority beyond 1000',
      () => ({
        tasks: [{ source: studio.desk.at('/tmp/a'), destination: 'volume=storage/a', priority: 2000 }],
      }),
      /priority/,
    ],
    [
      'an unknown attribute of a task',
      () => ({ tasks: [{ source: studio.desk.at('/tmp/a'), destination: 'volume=storage/a', taste: 1 }] }),
      /taste/,
    ],
  ])('%s', async (_, data, words) => {
    const before = await studio.admin.find('transfer')
    await expect(create(data())).rejects.toThrow(words)
    await expect(create(data())).rejects.toMatchObject({
      answer: { status: expect.toSatisfy((status) => Number(status) < 500) as number },
    })
    expect((await studio.admin.find('transfer')).length).toBe(before.length)
  })

  const plain = (): { source: string; destination: string } => ({
    source: studio.desk.at('/tmp/a'),
    destination: 'volume=storage/a',
  })
})
