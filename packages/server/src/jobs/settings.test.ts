import { newId, type SessionTask, type SettingName } from '@waybill/api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Lease } from './dispatch/lease.js'
import { upload, World } from './testing.js'
import { archiveOldJobs } from './upkeep/retention.js'

let world: World
beforeEach(async () => {
  world = await World.create()
  await world.engine.start()
})
afterEach(async () => {
  await world.close()
})

type Values = Partial<Record<SettingName, string>>

async function give(entity: string, values: Values): Promise<void> {
  for (const [name, value] of Object.entries(values)) {
    const row = { workspace: world.workspace.id, entitytype: 'any', entity, name, value }
    await world.db
      .insertInto('setting')
      .values({ ...row, id: newId(world.clock.time) })
      .execute()
  }
}

async function queueOf(job: string): Promise<string> {
  return (await world.job(job)).parent ?? ''
}

/** What the receiver was told of its tasks, in order. */
function toldTo(lease: Lease, client = lease.destination_client): readonly SessionTask[] {
  return world.hub
    .told(client, 'session.tasks', lease.session)
    .flatMap((message) => (message.type === 'session.tasks' ? message.tasks : []))
}

describe('agents are told', () => {
  it('nothing about the usual way to copy', async () => {
    const lease = await world.runs(await world.create(upload(world)))
    expect(toldTo(lease)[0]).toMatchObject({ include: '', exclude: '' })
    expect(toldTo(lease)[0]).not.toHaveProperty('options')
  })

  it('both the same, by what is nearest to each task', async () => {
    await give(world.workspace.id, { transfer_exclude: '*.tmp', transfer_comparison: 'size' })
    await give(world.volume, { transfer_attributes: 'times', transfer_comparison: 'newer' })
    const both = {
      tasks: [
        upload(world, 'a', { settings: { transfer_mode: 'onewaysync', transfer_comparison: 'always' } }),
        upload(world, 'b'),
      ],
      settings: { transfer_resume: 'false' },
    }
    const lease = await world.runs(await world.create(both))
    const common = { resumeFrom: null, attributes: ['times'] }
    const options = [
      { ...common, mode: 'onewaysync', comparison: 'always' },
      { ...common, comparison: 'newer' },
    ]
    expect(toldTo(lease).map((task) => task.options)).toEqual(options)
    expect(toldTo(lease, lease.source_client).map((task) => task.options)).toEqual(options)
    expect(toldTo(lease).map(({ exclude }) => exclude)).toEqual(['*.tmp', '*.tmp'])
  })

  it('a changed setting with the next bucket, not before', async () => {
    const settings = { task_bucketsize: '1' }
    const job = await world.create({ tasks: [upload(world, 'a'), upload(world, 'b')], settings })
    const lease = await world.runs(job)
    await give(await queueOf(job), { transfer_mode: 'onewaysync' })
    await world.report(lease, 'done')
    await world.until(async () => {
      expect(toldTo(lease)).toHaveLength(await Promise.resolve(2))
    })
    expect(toldTo(lease).map((task) => task.options)).toEqual([undefined, { mode: 'onewaysync' }])
  })
})

describe('a source that is not there', () => {
  const missing = { size: 0, files: 0, code: 'E#J001', message: 'Cannot find a.mov' }

  it.each(['ignore', 'exclude'])('is left out with a warning (%s), and the job is done', async (value) => {
    await give(world.workspace.id, { job_on_missing: value })
    const job = await world.create(upload(world))
    await world.report(await world.runs(job), 'failed', missing)
    await world.reaches(job, 'done')
    const [task] = await world.tasks(job)
    expect(task).toMatchObject({
      status: 'excluded',
      reason: 'W#J001',
      reason_hr: 'Left out: Cannot find a.mov',
    })
    const log = await world.db.selectFrom('log').select(['code', 'level']).where('job', '=', job).execute()
    expect(log).toContainEqual({ code: 'W#J001', level: 'warning' })
  })

  it('fails its task unless that one says otherwise', async () => {
    const own = { settings: { job_on_missing: 'ignore' } }
    const job = await world.create({ tasks: [upload(world, 'a', own), upload(world, 'b')] })
    await world.report(await world.runs(job), 'failed', missing)
    const failed = await world.reaches(job, 'failed')
    expect(failed.not_before).not.toBeNull()
    expect((await world.tasks(job)).map(({ status }) => status)).toEqual(['excluded', 'failed'])
  })

  it('is not what is meant when a part of it vanished, or something else failed', async () => {
    await give(world.workspace.id, { job_on_missing: 'ignore' })
    const detail = { path: 'x', code: 'E#J001', message: 'gone' }
    for (const own of [{ details: [detail] }, { files: 2 }, { code: 'E#J002' }]) {
      const job = await world.create(upload(world, `f${world.clock.time}`))
      await world.report(await world.runs(job), 'failed', { ...missing, ...own })
      await world.reaches(job, 'failed')
    }
  })
})

describe('settings of jobs act at the workspace, a queue above, the queue, and the job', () => {
  /** The four places, farthest first: the queue that jobs are in hangs below another one for this. */
  async function places(job: string): Promise<string[]> {
    const queue = await queueOf(job)
    const high = await world.db
      .selectFrom('job')
      .select('id')
      .where('code', '=', 'high')
      .executeTakeFirstOrThrow()
    await world.db.updateTable('job').set({ parent: high.id }).where('id', '=', queue).execute()
    return [world.workspace.id, high.id, queue, job]
  }

  it.each([0, 1, 2, 3])('retries and their delay (place %i)', async (place) => {
    const job = await world.create(upload(world, 'a', { status: 'paused' }))
    const at = (await places(job))[place] ?? ''
    await give(at, { job_max_retries: '1', job_autoretry_delay_s: '7' })
    await world.edit(job, { status: 'waiting' })
    world.advance(1000)
    await world.report(await world.runs(job), 'failed')
    const failed = await world.reaches(job, 'failed')
    expect((failed.not_before ?? 0) - world.clock.time).toBe(7000)
    const { run } = failed
    world.advance(7000)
    const lease = await world.until(async () => {
      const now = await world.runs(job)
      expect(now.run).toBeGreaterThan(run)
      return now
    })
    await world.report(lease, 'failed')
    expect((await world.reaches(job, 'failed')).not_before).toBeNull()
  })

  it.each([0, 1, 2, 3])('days until the archive (place %i)', async (place) => {
    const job = await world.create(upload(world))
    const other = await world.create(upload(world, 'b', { queue: 'low' }))
    const at = (await places(job))[place] ?? ''
    await world.report(await world.runs(job), 'done')
    await world.reaches(job, 'done')
    await world.edit(other, { status: 'aborted' })
    await give(at, { job_archive_days: '2' })
    const days = async (count: number) =>
      await archiveOldJobs(world.workspace, world.clock.time + count * 86_400_000 + 1)
    expect(await days(1.9)).toBe(0)
    expect(await days(2)).toBe(place === 0 ? 2 : 1)
    expect((await world.job(job)).population).toBe('archived')
    expect(await days(14)).toBe(place === 0 ? 0 : 1)
  })

  it('connections, encryption and speed of a session', async () => {
    const job = await world.create(upload(world, 'a', { status: 'paused' }))
    const [workspace = '', high = '', queue = ''] = await places(job)
    await give(workspace, {
      transfer_socket_count: '7',
      transfer_encryption: 'aes128',
      transfer_speedlimit: '1',
    })
    await give(high, { transfer_encryption: 'aes256' })
    await give(queue, { transfer_speedlimit: '2' })
    const open = new Promise<unknown>((resolve) => {
      const { request } = world.hub
      world.hub.request = async (client, name, args) => {
        if (name === 'session.open') resolve(args)
        return await request(client, name, args)
      }
    })
    await world.edit(job, { status: 'waiting' })
    world.advance(1000)
    expect(await open).toMatchObject({ connections: 7, cipher: 'aes256', rate: 2_000_000 })
    await world.runs(job)
  })
})

it('go along with their job', async () => {
  const own = { settings: { transfer_mode: 'onewaysync' } }
  const job = await world.create({
    tasks: [upload(world, 'a', own)],
    settings: { transfer_resume: 'off' },
    status: 'paused',
  })
  const kept = async () =>
    (await world.db.selectFrom('setting').select('name').orderBy('name').execute()).map(({ name }) => name)
  expect(await kept()).toEqual(['transfer_mode', 'transfer_resume'])
  await world.service.transfer.remove?.(world.context(), job, { force: false })
  expect(await kept()).toEqual([])
})
