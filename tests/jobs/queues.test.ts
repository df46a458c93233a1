import { Agent, type Entity, tempDirectory, waitFor, waitForStatus, waitUntilMidway } from '@waybill/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  cleanUpAfterwards,
  deskFile,
  openStudio,
  pausedUpload,
  type Studio,
  slow,
  slowUpload,
  storageFile,
} from '../studio.js'

let studio: Studio
cleanUpAfterwards()
beforeAll(async () => {
  studio = await openStudio()
})

const status = async (job: Entity): Promise<unknown> => (await studio.admin.get('transfer', job.id))?.status

async function finishedAt(job: Entity): Promise<number> {
  return Date.parse(String((await waitForStatus(studio.admin, job.id, 'done')).finished))
}

describe('between one pair of endpoints', () => {
  test('one job runs at a time, in order, and the next says what it waits for', async () => {
    const { admin } = studio
    const first = await slowUpload(studio, 'order 1.bin')
    const second = await slowUpload(studio, 'order 2.bin', { settings: {} })
    await waitUntilMidway(admin, first.id)
    const waiting = await waitFor(
      async () => {
        const seen = await admin.get('transfer', second.id)
        return seen?.status_code === 'W#J053' ? seen : undefined
      },
      { what: 'the second job to be queued behind the first' },
    )
    expect(waiting.status).toBe('waiting')
    expect(String(waiting.status_hr)).toContain('order 1.bin')
    expect(await finishedAt(first)).toBeLessThanOrEqual(await finishedAt(second))
  })

  test('a job of a higher queue interrupts a running one, which resumes later', async () => {
    const { admin } = studio
    const calm = await slowUpload(studio, 'calm.bin', { queue: 'low' })
    await waitUntilMidway(admin, calm.id)
    const before = await admin.get('transfer', calm.id)
    const urgent = await slowUpload(studio, 'urgent.bin', { queue: 'high' })
    await waitForStatus(admin, urgent.id, 'running')
    expect(await status(calm)).toBe('waiting')
    const urgentDone = await finishedAt(urgent)
    const resumed = await waitForStatus(admin, calm.id, ['running', 'done'])
    expect(Number(resumed.transferred)).toBeGreaterThanOrEqual(Number(before?.transferred) / 2)
    expect(await finishedAt(calm)).toBeGreaterThanOrEqual(urgentDone)
  })

  test('a job moved to a higher queue does the same', async () => {
    const { admin } = studio
    const calm = await slowUpload(studio, 'calm 2.bin')
    const moved = await slowUpload(studio, 'moved.bin', { settings: {} })
    await waitUntilMidway(admin, calm.id)
    await admin.edit('transfer', moved.id, { queue: 'high' })
    await waitForStatus(admin, moved.id, 'done')
    expect(await status(calm)).not.toBe('done')
    await waitForStatus(admin, calm.id, 'done')
  })

  test('a more urgent job waits where the queue says so', async () => {
    const { admin } = studio
    const calm = await slowUpload(studio, 'stubborn.bin', {
      queue: 'low',
      settings: { ...slow, queue_interrupt_policy: 'wait' },
    })
    await waitUntilMidway(admin, calm.id)
    const urgent = await slowUpload(studio, 'patient.bin', {
      queue: 'high',
      settings: { queue_interrupt_policy: 'wait' },
    })
    expect(await finishedAt(calm)).toBeLessThanOrEqual(await finishedAt(urgent))
  })

  test('more run side by side where transfer_concurrent says so', async () => {
    const { admin } = studio
    const settings = { ...slow, transfer_concurrent: '2' }
    const jobs = [
      await slowUpload(studio, 'side 1.bin', { settings }),
      await slowUpload(studio, 'side 2.bin', { settings }),
    ]
    await waitFor(async () => (await Promise.all(jobs.map(status))).every((one) => one === 'running'), {
      what: 'two jobs to run at a time',
      timeoutMs: 10_000,
    })
    for (const job of jobs) await admin.edit('transfer', job.id, { status: 'aborted' })
  })
})

test('another pair of endpoints is not held up', async () => {
  const { admin, plane } = studio
  const other = await Agent.start({ plane, name: 'other' })
  const first = await slowUpload(studio, 'busy.bin')
  await waitUntilMidway(admin, first.id)
  const aside = await admin.create('transfer', {
    source: await storageFile(studio, 'aside.bin'),
    destination: other.at(`${tempDirectory('other')}/aside.bin`),
  })
  await waitForStatus(admin, aside.id, 'done')
  expect(await status(first)).toBe('running')
  await admin.edit('transfer', first.id, { status: 'aborted' })
  await other.stop()
})

describe('a queue', () => {
  test('that is paused starts nothing, and says so', async () => {
    const { admin, desk } = studio
    const queue = await admin.create('queue', { code: 'night', name: 'Night', priority: 300 })
    await admin.edit('queue', queue.id, { status: 'paused' })
    const job = await admin.create('transfer', {
      source: desk.at(await deskFile(studio, 'night.bin')),
      destination: 'volume=storage/night.bin',
      queue: 'night',
    })
    const waiting = await waitFor(
      async () => {
        const seen = await admin.get('transfer', job.id)
        return seen?.status_code === 'W#J067' ? seen : undefined
      },
      { what: 'the reason that the queue is paused' },
    )
    expect(waiting.status).toBe('waiting')
    expect(String(waiting.status_hr)).toMatch(/night/i)
    await admin.edit('queue', queue.id, { status: 'waiting' })
    await waitForStatus(admin, job.id, 'done')
  })

  test('that is deleted leaves its jobs to the default one, which cannot be', async () => {
    const { admin } = studio
    const job = await pausedUpload(studio, 'orphan.bin', { queue: 'night' })
    const [queue] = await admin.find('queue', 'code=night')
    expect(await admin.remove('queue', String(queue?.id))).toBe(true)
    const [standard] = await admin.find('queue', 'default=true')
    expect(await admin.get('transfer', job.id)).toMatchObject({ parent: standard?.id })
    await expect(admin.remove('queue', String(standard?.id))).rejects.toThrow(/default/i)
  })

  test.each([
    ['a priority over 1000', { code: 'q1', priority: 1001 }],
    ['a priority below 0', { code: 'q2', priority: -1 }],
    ['a code that is taken', { code: 'high', priority: 5 }],
  ])('with %s is refused', async (_, data) => {
    await expect(studio.admin.create('queue', data)).rejects.toThrow(/priority|exist|taken|already/i)
  })
})
