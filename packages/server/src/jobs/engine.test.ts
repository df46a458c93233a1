import { WaybillError } from '@waybill/api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
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

describe('a transfer', () => {
  it('is measured, runs, and is done', async () => {
    world.hub.sizes.set('/home/lisa/a.mov', 4711)
    const id = await world.create(upload(world))
    expect((await world.job(id)).status).toBe('init')
    const lease = await world.runs(id)
    expect(await world.job(id)).toMatchObject({ status: 'running', size: 4711, measured: 1, run: 1 })
    const [task] = await world.tasks(id)
    expect(task).toMatchObject({ status: 'booting', tries: 1, run: 1 })
    expect(JSON.parse(task?.destination ?? '{}')).toMatchObject({ path_abs_final: '/srv/storage/in/a.mov' })
    await world.report(lease, 'done')
    const job = await world.reaches(id, 'done')
    expect(job).toMatchObject({ transferred: 4711, tasks_done: 1, population: 'finished', speed: -1 })
    await world.until(async () => {
      expect(await world.db.selectFrom('lease').selectAll().execute()).toEqual([])
    })
    expect(world.hub.told(world.clients.hq, 'session.finish', lease.session)).toHaveLength(1)
  })

  it('shows progress, and believes neither bytes beyond a size nor the sender', async () => {
    const id = await world.create(upload(world))
    const lease = await world.runs(id)
    const [task] = await world.tasks(id)
    const say = async (client: string, bytes: number) => {
      await world.engine.progress(world.workspace.id, client, {
        type: 'session.progress',
        session: lease.session,
        lease: lease.run,
        bytes,
        sent: bytes,
        files: 0,
        speed: 10,
        executing: [{ task: task?.id ?? '', bytes, files: 0 }],
      })
    }
    await say(world.clients.laptop, 70)
    expect((await world.job(id)).transferred).toBe(0)
    await say(world.clients.hq, 40)
    expect(await world.job(id)).toMatchObject({ transferred: 40, tasks_executing: 1, etr: 6 })
    await say(world.clients.hq, 1e6)
    expect((await world.job(id)).transferred).toBe(100)
  })

  it('waits for its source, saying so, and goes on when that connects', async () => {
    await world.disconnect(world.clients.laptop)
    const id = await world.create(upload(world))
    await world.quiet()
    expect(await world.job(id)).toMatchObject({ status: 'waiting', reason: 'W#J050', measured: 0 })
    await world.connect(world.clients.laptop)
    await world.runs(id)
    expect(await world.job(id)).toMatchObject({ size: 100, reason: null })
  })

  it('is measured while it is paused, and stays paused', async () => {
    const id = await world.create(upload(world, 'a.mov', { status: 'paused' }))
    await world.until(async () => {
      expect((await world.job(id)).measured).toBe(1)
    })
    await world.engine.dispatcher.idle()
    expect(await world.job(id)).toMatchObject({ status: 'paused', size: 100 })
  })
})

describe('jobs between the same two machines', () => {
  it('run one at a time, in both directions, in the order of their queue', async () => {
    const first = await world.create(upload(world, '1.mov'))
    const lease = await world.runs(first)
    const back = await world.create({
      source: 'volume=storage/out/2.mov',
      destination: `client=${world.clients.laptop}:/home/lisa/2.mov`,
    })
    const third = await world.create(upload(world, '3.mov'))
    await world.quiet()
    expect(await world.job(back)).toMatchObject({
      status: 'waiting',
      reason: 'W#J053',
      reason_entity: `transfer:${first}`,
    })
    await world.report(lease, 'done')
    const next = await world.runs(back)
    expect((await world.job(third)).status).toBe('waiting')
    await world.report(next, 'done')
    await world.runs(third)
  })

  it('leave other pairs alone', async () => {
    await world.runs(await world.create(upload(world)))
    const other = await world.create({
      source: `client=${world.clients.desktop}:/home/lisa/b.mov`,
      destination: 'volume=storage/in/b.mov',
    })
    await world.runs(other)
  })

  it('run side by side as far as transfer_concurrent allows', async () => {
    const own = { settings: { transfer_concurrent: '2' } }
    await world.runs(await world.create(upload(world, '1.mov', own)))
    await world.runs(await world.create(upload(world, '2.mov', own)))
    const third = await world.create(upload(world, '3.mov', own))
    await world.quiet()
    expect((await world.job(third)).reason).toBe('W#J053')
  })

  it('give way to a more urgent one, and go on after it', async () => {
    const calm = await world.create(upload(world, 'calm.mov'))
    const interrupted = await world.runs(calm)
    const urgent = await world.create(upload(world, 'urgent.mov', { queue: 'high' }))
    const lease = await world.runs(urgent)
    expect(await world.job(calm)).toMatchObject({ status: 'waiting', tasks_queued: 1, tasks_booting: 0 })
    expect(world.hub.told(world.clients.laptop, 'session.stop', interrupted.session)).toHaveLength(1)
    await world.report(lease, 'done')
    await world.until(async () => {
      expect(await world.job(calm)).toMatchObject({ status: 'running', run: 2 })
    })
  })

  it('are not interrupted where the policy is to wait', async () => {
    await world.runs(await world.create(upload(world, 'calm.mov')))
    const own = { queue: 'high', settings: { queue_interrupt_policy: 'wait' } }
    const urgent = await world.create(upload(world, 'urgent.mov', own))
    await world.quiet()
    expect(await world.job(urgent)).toMatchObject({ status: 'waiting', reason: 'W#J053' })
  })
})

describe('what is taken out of use', () => {
  it('takes a running job back, which goes on when it is in use again', async () => {
    const id = await world.create(upload(world))
    const set = async (kind: 'user' | 'share' | 'queue', on: boolean) => {
      if (kind === 'queue') {
        const { parent } = await world.job(id)
        const status = on ? 'waiting' : 'paused'
        await world.service.queue.update?.(world.context(world.admin), parent ?? '', { status })
        return
      }
      const entity = kind === 'user' ? world.lisa.id : world.volume
      const status = on ? ('enabled' as const) : ('disabled' as const)
      await world.db.updateTable(kind).set({ status }).where('id', '=', entity).execute()
      const entitytype = kind === 'share' ? 'volume' : kind
      world.service.touched(world.workspace.id, { entitytype, id: entity })
    }
    for (const [kind, code] of [
      ['user', 'E#J051'],
      ['share', 'W#J052'],
      ['queue', 'W#J067'],
    ] as const) {
      const lease = await world.runs(id)
      await set(kind, false)
      expect(await world.reaches(id, 'waiting')).toMatchObject({ reason: code, tasks_queued: 1 })
      expect(world.hub.told(world.clients.hq, 'session.stop', lease.session)).toHaveLength(1)
      await set(kind, true)
      await world.reaches(id, 'running')
    }
  })
})

describe('failure', () => {
  it('is retried by itself, later each time, and no more often than set', async () => {
    const settings = { job_autoretry_delay_s: '60', job_max_retries: '2' }
    const id = await world.create(upload(world, 'a.mov', { settings }))
    for (const delay of [60_000, 120_000]) {
      await world.report(await world.runs(id), 'failed')
      const job = await world.reaches(id, 'failed')
      expect(job).toMatchObject({ reason: 'E#J001', not_before: world.clock.now() + delay })
      world.advance(delay - 1)
      await world.engine.dispatcher.idle()
      expect((await world.job(id)).status).toBe('failed')
      world.advance(1)
      await world.reaches(id, 'running')
    }
    await world.report(await world.runs(id), 'failed')
    expect(await world.reaches(id, 'failed')).toMatchObject({ not_before: null, retries: 2 })
  })

  it('of one task leaves the others to be done', async () => {
    const tasks = ['a', 'b'].map((name) => ({
      source: `client=${world.clients.laptop}:/home/lisa/${name}`,
      destination: `volume=storage/${name}`,
    }))
    const id = await world.create({ tasks })
    const lease = await world.runs(id)
    const [bad] = await world.tasks(id)
    await world.report(lease, 'failed', { task: bad?.id ?? '' })
    expect(await world.job(id)).toMatchObject({ status: 'running', tasks_failed: 1, tasks_booting: 1 })
    await world.report(lease, 'done')
    expect(await world.reaches(id, 'failed')).toMatchObject({ tasks_failed: 1, tasks_done: 1 })
  })

  it('to connect makes the job wait and try again, without ever failing', async () => {
    world.hub.refusal = new WaybillError('unreachable', 'No way from there to here')
    const id = await world.create(upload(world))
    const job = await world.until(async () => {
      const row = await world.job(id)
      expect(row).toMatchObject({ status: 'waiting', reason: 'E#J004', run: 1 })
      return row
    })
    expect(job.not_before).toBeGreaterThan(world.clock.now())
    world.hub.refusal = undefined
    world.advance(60_000)
    await world.runs(id)
  })

  it('of the line between the agents makes the job wait, and run again', async () => {
    const id = await world.create(upload(world))
    const lease = await world.runs(id)
    await world.engine.ended(world.workspace.id, world.clients.hq, {
      type: 'session.ended',
      session: lease.session,
      lease: lease.run,
      seq: 1,
      reason: 'lost',
      code: null,
      message: 'The line is gone',
      cipher: null,
    })
    expect(await world.reaches(id, 'waiting')).toMatchObject({
      tasks_queued: 1,
      reason_hr: 'The line is gone',
    })
    world.advance(60_000)
    await world.until(async () => {
      expect(await world.job(id)).toMatchObject({ status: 'running', run: 2 })
    })
  })
})

describe('results', () => {
  it('may arrive twice', async () => {
    const id = await world.create(upload(world))
    const lease = await world.runs(id)
    const [task] = await world.tasks(id)
    await world.report(lease, 'done', { task: task?.id ?? '' })
    await world.reaches(id, 'done')
    await world.report(lease, 'done', { task: task?.id ?? '' })
    expect(await world.job(id)).toMatchObject({ tasks_done: 1, tasks_booting: 0, transferred: 100 })
  })

  it('of an older run are not believed', async () => {
    const id = await world.create(upload(world))
    const old = await world.runs(id)
    const [task] = await world.tasks(id)
    await world.edit(id, { status: 'paused' })
    await world.edit(id, { status: 'waiting' })
    world.advance(500)
    await world.until(async () => {
      expect((await world.job(id)).run).toBe(2)
    })
    await world.runs(id)
    await world.report(old, 'failed', { task: task?.id ?? '' })
    expect(await world.job(id)).toMatchObject({ status: 'running', tasks_failed: 0 })
  })
})

describe('another process', () => {
  it('goes on with a run that both agents still hold', async () => {
    const id = await world.create(upload(world))
    const lease = await world.runs(id)
    await world.restart()
    const held = [{ session: lease.session, lease: lease.run }]
    const before = world.hub.told(world.clients.hq, 'session.tasks', lease.session).length
    expect(await world.connect(world.clients.hq, held)).toEqual([])
    expect(await world.connect(world.clients.laptop, held)).toEqual([])
    await world.until(async () => {
      const told = world.hub.told(world.clients.hq, 'session.tasks', lease.session)
      expect(await Promise.resolve(told.length)).toBe(before + 1)
    })
    await world.report(lease, 'done')
    expect(await world.reaches(id, 'done')).toMatchObject({ run: 1 })
  })

  it('starts anew when an agent comes back without it, and has the other drop it', async () => {
    const id = await world.create(upload(world))
    const lease = await world.runs(id)
    await world.restart()
    const held = [{ session: lease.session, lease: lease.run }]
    await world.connect(world.clients.laptop)
    await world.reaches(id, 'waiting')
    expect(await world.connect(world.clients.hq, held)).toEqual(held)
    await world.until(async () => {
      expect(await world.job(id)).toMatchObject({ status: 'running', run: 2 })
    })
  })
})

it('moves finished jobs to the archive after a fortnight', async () => {
  const id = await world.create(upload(world))
  await world.report(await world.runs(id), 'done')
  const { finished } = await world.reaches(id, 'done')
  const fortnight = (finished ?? 0) + 14 * 86_400_000
  expect(await archiveOldJobs(world.workspace, fortnight - 1)).toBe(0)
  expect(await archiveOldJobs(world.workspace, fortnight)).toBe(1)
  expect(await world.job(id)).toMatchObject({ population: 'archived', status: 'done' })
})
