import { existsSync } from 'node:fs'
import { type Entity, hashOf, waitFor, waitForStatus, waitUntilMidway } from '@waybill/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import { cleanUpAfterwards, deskFile, openStudio, pausedUpload, type Studio, slowUpload } from '../studio.js'

let studio: Studio
cleanUpAfterwards()
beforeAll(async () => {
  studio = await openStudio()
})

describe('a running transfer', () => {
  test('pauses, stands still, and goes on where it was', async () => {
    const { admin } = studio
    const job = await slowUpload(studio, 'paused.bin')
    await waitUntilMidway(admin, job.id)
    expect(await admin.edit('transfer', job.id, { status: 'paused' })).toMatchObject({ status: 'paused' })
    const still = await waitFor(
      async () => {
        const [a, b] = [await admin.get('transfer', job.id), await admin.get('transfer', job.id)]
        return a?.speed === -1 && a.transferred === b?.transferred ? a : undefined
      },
      { what: 'the paused transfer to stand still' },
    )
    expect(still.status).toBe('paused')
    expect(await admin.tasks(job.id)).toMatchObject([{ status: 'queued' }])
    expect(existsSync(`${studio.storage}/slow/paused.bin`)).toBe(false)
    expect(await admin.edit('transfer', job.id, { status: 'waiting' })).toMatchObject({ status: 'waiting' })
    await expectDone(job, 'paused.bin')
  })

  test('aborts, is not live any more, leaves nothing half written, and can start again', async () => {
    const { admin } = studio
    const job = await slowUpload(studio, 'aborted.bin')
    await waitUntilMidway(admin, job.id)
    expect(await admin.edit('transfer', job.id, { status: 'aborted' })).toMatchObject({ status: 'aborted' })
    expect(await admin.find('transfer', `id=${job.id}`)).toEqual([])
    expect(await admin.find('transfer', `id=${job.id}`, { finished: true })).toMatchObject([
      { status: 'aborted', finished: expect.any(String) as string },
    ])
    expect(existsSync(`${studio.storage}/slow/aborted.bin`)).toBe(false)
    await admin.edit('transfer', job.id, { status: 'waiting' })
    expect(await admin.find('transfer', `id=${job.id}`)).toHaveLength(1)
    await expectDone(job, 'aborted.bin')
  })

  test('can be declared done', async () => {
    const { admin } = studio
    const job = await slowUpload(studio, 'declared.bin')
    await waitUntilMidway(admin, job.id)
    expect(await admin.edit('transfer', job.id, { status: 'done' })).toMatchObject({ status: 'done' })
    expect(await admin.find('transfer', `id=${job.id}`)).toEqual([])
  })

  test('can be deleted; its task stops and it is gone', async () => {
    const { admin } = studio
    const job = await slowUpload(studio, 'deleted.bin')
    await waitUntilMidway(admin, job.id)
    expect(await admin.remove('transfer', job.id)).toBe(true)
    expect(await admin.get('transfer', job.id)).toBeUndefined()
    await expect(admin.remove('transfer', job.id)).rejects.toMatchObject({ answer: { status: 404 } })
    expect(existsSync(`${studio.storage}/slow/deleted.bin`)).toBe(false)
  })
})

describe('a status', () => {
  test.each(['init', 'running', 'failed', 'executing', 'flying', '', 5, null])(
    '%s cannot be written',
    async (status) => {
      const { admin } = studio
      const job = await pausedUpload(studio, 'unwritten.bin')
      await expect(admin.edit('transfer', job.id, { status })).rejects.toThrow(/status/i)
      expect(await admin.get('transfer', job.id)).toMatchObject({ status: 'paused' })
    },
  )

  test.each(['waiting', 'paused', 'aborted', 'done'])('%s can be written on a paused job', async (status) => {
    const { admin } = studio
    const job = await pausedUpload(studio, `write ${status}.bin`)
    expect(await admin.edit('transfer', job.id, { status })).toMatchObject({ status })
  })

  test('of a transfer that is made is paused or waiting, nothing else', async () => {
    await expect(pausedUpload(studio, 'aborted.bin', { status: 'aborted' })).rejects.toThrow(
      'created paused or waiting',
    )
  })

  test.each([
    [['excluded', 'onhold'], 'paused'],
    [['excluded', 'done'], 'done'],
  ])('of a job that is made with tasks %j is %s', async (statuses, expected) => {
    const { admin } = studio
    const source = studio.desk.at(await deskFile(studio, 'nothing-to-do.bin'))
    const tasks = statuses.map((status) => ({
      source,
      destination: `volume=storage/nothing/${status}`,
      status,
    }))
    const job = await admin.create('transfer', { tasks })
    await waitForStatus(admin, job.id, expected)
    expect(await admin.log(job.id)).not.toContain('Run 1')
  })

  test('waiting starts a finished job again, and what is there is not sent again', async () => {
    const { admin, desk } = studio
    const path = await deskFile(studio, 'again.bin', 50_000)
    const job = await admin.create('transfer', {
      source: desk.at(path),
      destination: 'volume=storage/again.bin',
    })
    const done = await waitForStatus(admin, job.id, 'done')
    expect(done.finished).not.toBe('')
    expect(await admin.edit('transfer', job.id, { status: 'waiting' })).toMatchObject({ status: 'waiting' })
    await waitForStatus(admin, job.id, 'done')
    expect(await hashOf(`${studio.storage}/again.bin`)).toBe(await hashOf(path))
  })
})

describe('what an edit cannot change', () => {
  test.each(['text', [1], 5])('metadata to %j: it is an object', async (metadata) => {
    const job = await pausedUpload(studio, 'metadata.bin')
    await expect(studio.admin.edit('transfer', job.id, { metadata })).rejects.toThrow(
      'metadata has to be an object',
    )
    await expect(pausedUpload(studio, 'metadata.bin', { metadata })).rejects.toThrow(
      'metadata has to be an object',
    )
  })

  test.each(['source', 'destination', 'size', 'progress', 'created', 'id', 'user', 'nonsense'])(
    '%s of a transfer',
    async (name) => {
      const job = await pausedUpload(studio, 'fixed.bin')
      await expect(studio.admin.edit('transfer', job.id, { [name]: 'volume=storage/x' })).rejects.toThrow(
        name,
      )
    },
  )

  test.each([
    ['a foreign id', '0123456789abcdef01234567', 404],
    ['a malformed id', 'xyz', [400, 404]],
    ['an id that is SQL', "' or 1=1 --", [400, 404]],
  ])('%s is refused', async (_, id, status) => {
    for (const call of [
      () => studio.admin.edit('transfer', id, { status: 'paused' }),
      () => studio.admin.remove('transfer', id),
    ])
      await expect(call()).rejects.toMatchObject({
        answer: { status: expect.toSatisfy((seen) => [status].flat().includes(Number(seen))) as number },
      })
    expect(await studio.admin.event('PUT', 'transfer/edit', { data: { status: 'paused' } })).toMatchObject({
      body: { message: expect.stringMatching(/id/i) as string },
    })
  })
})

describe('a task that fails', () => {
  test('leaves the others alone; the job tells why, and goes on when the file is there', async () => {
    const { admin, desk, local } = studio
    const here = await deskFile(studio, 'some/here.bin')
    const job = await admin.create('transfer', {
      tasks: [
        { source: desk.at(`${local}/some/late.bin`), destination: 'volume=storage/some/' },
        { source: desk.at(here), destination: 'volume=storage/some/' },
      ],
    })
    const failed = await waitForStatus(admin, job.id, 'failed')
    expect(String(failed.status_hr)).toMatch(/\S/)
    const tasks = await admin.tasks(job.id)
    expect(tasks).toMatchObject([
      {
        uri: '0',
        status: 'failed',
        status_code: 'E#J001',
        status_hr: expect.stringContaining('late.bin') as string,
      },
      { uri: '1', status: 'done' },
    ])
    expect(await admin.log(job.id)).toMatch(/J001.*late\.bin/)
    // A failed job is live: it retries by itself.
    expect(await admin.find('transfer', `id=${job.id}`)).toHaveLength(1)
    const late = await deskFile(studio, 'some/late.bin')
    await admin.edit('transfer', job.id, { status: 'waiting' })
    await waitForStatus(admin, job.id, 'done')
    expect(await hashOf(`${studio.storage}/some/late.bin`)).toBe(await hashOf(late))
  })

  test('is tried again by the job itself', async () => {
    const { admin, desk, local } = studio
    const job = await admin.create('transfer', {
      source: desk.at(`${local}/tried/later.bin`),
      destination: 'volume=storage/tried/later.bin',
      settings: { job_autoretry_delay_s: '1' },
    })
    await waitForStatus(admin, job.id, 'failed')
    await deskFile(studio, 'tried/later.bin')
    const done = await waitForStatus(admin, job.id, 'done', { never: [] })
    expect(done.retries).toBeGreaterThan(0)
  })

  test('is tried no more often than configured', async () => {
    const { admin, desk, local } = studio
    const job = await admin.create('transfer', {
      source: desk.at(`${local}/never.bin`),
      destination: 'volume=storage/never.bin',
      settings: { job_autoretry_delay_s: '0.2', job_max_retries: '1' },
    })
    const settled = await waitFor(
      async () => {
        const seen = await admin.get('transfer', job.id)
        return seen?.status === 'failed' && seen.retries === 1 ? seen : undefined
      },
      { what: 'the last retry' },
    )
    expect(settled.status).toBe('failed')
    await admin.editTasks(job.id, [{ uri: '0', status: 'excluded' }])
    await waitForStatus(admin, job.id, 'done')
  })
})

async function expectDone(job: Entity, name: string): Promise<void> {
  await waitForStatus(studio.admin, job.id, 'done')
  expect(await hashOf(`${studio.storage}/slow/${name}`)).toBe(await hashOf(`${studio.local}/${name}`))
}
