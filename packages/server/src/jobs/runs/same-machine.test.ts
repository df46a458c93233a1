import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Lease } from '../dispatch/lease.js'
import { World } from '../testing.js'
import { endsOf } from './session-ends.js'

let world: World
let job: string
let lease: Lease
beforeEach(async () => {
  world = await World.create()
  job = await world.create({ source: 'volume=storage/a', destination: 'volume=storage/b' })
  lease = await world.runs(job)
})
afterEach(async () => {
  await world.close()
})

const sessions = () => Object.values(endsOf(lease)).map(({ session }) => ({ session, lease: lease.run }))

async function done(): Promise<void> {
  const [task] = await world.tasks(job)
  const result = {
    task: task?.id ?? '',
    status: 'done' as const,
    ...{ size: 100, sent: 100, skipped: 0, files: 1, time: 5, code: null, message: null, details: [] },
  }
  const { session } = endsOf(lease).destination
  const message = { type: 'session.results' as const, session, lease: lease.run, seq: 1, results: [result] }
  await world.engine.results(world.workspace.id, world.clients.hq, message)
}

describe('a copy within one machine', () => {
  it('is two sessions of its agent, each told its own side', async () => {
    const { source, destination } = endsOf(lease)
    expect(source.client).toBe(destination.client)
    expect(source.session).not.toBe(destination.session)
    expect(source.job).not.toBe(destination.job)
    const paths = (session: string) =>
      world.hub
        .told(world.clients.hq, 'session.tasks', session)
        .flatMap((message) => (message.type === 'session.tasks' ? message.tasks : []))
        .map(({ location }) => location.path)
    expect(paths(source.session)).toEqual(['a'])
    expect(paths(destination.session)).toEqual(['b'])
    await done()
    await world.reaches(job, 'done')
    for (const { session } of sessions())
      expect(world.hub.told(world.clients.hq, 'session.finish', session)).toHaveLength(1)
  })

  it('goes on after a restart when the agent still holds both', async () => {
    await world.restart()
    expect(await world.connect(world.clients.hq, sessions())).toEqual([])
    await done()
    await world.reaches(job, 'done')
    expect((await world.job(job)).run).toBe(lease.run)
    await world.until(async () => {
      expect(await world.db.selectFrom('lease').select('job').execute()).toEqual([])
    })
  })

  it('begins anew when it holds one of them only', async () => {
    await world.restart()
    await world.connect(world.clients.hq, sessions().slice(0, 1))
    await world.until(async () => {
      expect((await world.job(job)).run).toBe(lease.run + 1)
    })
  })

  it('shows the progress of its receiving side alone', async () => {
    const [task] = await world.tasks(job)
    const report = async (session: string, bytes: number) => {
      const executing = [{ task: task?.id ?? '', bytes, files: 0 }]
      const progress = { bytes, sent: bytes, files: 0, speed: 1, executing }
      const message = { type: 'session.progress' as const, session, lease: lease.run, ...progress }
      await world.engine.progress(world.workspace.id, world.clients.hq, message)
    }
    const { source, destination } = endsOf(lease)
    await report(destination.session, 40)
    await report(source.session, 90)
    expect(await world.job(job)).toMatchObject({ transferred: 40, tasks_executing: 1 })
  })
})
