import { newId } from '@waybill/api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readTaskParty } from '../task-party.js'
import { upload, World } from '../testing.js'

let world: World
beforeEach(async () => {
  world = await World.create()
})
afterEach(async () => {
  await world.close()
})

/** Another server at the main site takes the volume over. */
async function takeOver(): Promise<string> {
  const { db, clients, clock, volume, workspace } = world
  const old = await db.selectFrom('client').selectAll().where('id', '=', clients.hq).executeTakeFirstOrThrow()
  const id = newId(clock.now())
  await db
    .insertInto('client')
    .values({ ...old, id, code: 'hq-2', machine: id })
    .execute()
  world.hub.online.add(id)
  await release()
  const row = { id: newId(clock.now()), workspace: workspace.id, share: volume, client: id, site: old.site }
  await db
    .insertInto('share_server')
    .values({ ...row, path: '/mnt/storage', problem: '', created: clock.now() })
    .execute()
  world.service.touched(workspace.id, { entitytype: 'volume', id: volume })
  return id
}

async function release(): Promise<void> {
  await world.db.deleteFrom('share_server').where('client', '=', world.clients.hq).execute()
  world.service.touched(world.workspace.id, { entitytype: 'volume', id: world.volume })
}

describe('when a volume gets another server', () => {
  it('jobs that wait go there', async () => {
    await world.disconnect(world.clients.hq)
    const id = await world.create(upload(world))
    await world.quiet()
    const second = await takeOver()
    const lease = await world.runs(id)
    expect(lease.destination_client).toBe(second)
    const [task] = await world.tasks(id)
    const destination = readTaskParty(task?.destination ?? '')
    expect(destination).toMatchObject({ client: second, path_abs_final: '/mnt/storage/in/a.mov' })
  })

  it('a job that runs goes on there', async () => {
    const id = await world.create(upload(world))
    const before = await world.runs(id)
    expect(before.destination_client).toBe(world.clients.hq)
    const second = await takeOver()
    const after = await world.until(async () => {
      const lease = await world.runs(id)
      expect(lease.destination_client).toBe(second)
      return lease
    })
    expect(after.run).toBe(before.run + 1)
  })

  it('a paused job takes tasks for the new one, and equal ones are still equal', async () => {
    const id = await world.create(upload(world, 'a.mov', { status: 'paused' }))
    await takeOver()
    await world.addTasks(id, { tasks: [upload(world), upload(world, 'b.mov')] })
    expect(await world.tasks(id)).toHaveLength(2)
    expect(await world.create({ ...upload(world, 'c.mov'), append: true })).toBe(id)
  })
})

it('a job whose volume nobody serves waits until somebody does', async () => {
  await world.disconnect(world.clients.laptop)
  const id = await world.create(upload(world))
  await release()
  await world.connect(world.clients.laptop)
  await world.until(async () => {
    const job = await world.job(id)
    expect(job).toMatchObject({
      status: 'waiting',
      reason: 'W#J052',
      reason_entity: `volume:${world.volume}`,
    })
  })
  const second = await takeOver()
  expect((await world.runs(id)).destination_client).toBe(second)
})

it('a job keeps to the machine that its user had: paths of one are not those of another', async () => {
  await world.db.updateTable('client').set({ online: 0 }).where('id', '=', world.clients.laptop).execute()
  await world.disconnect(world.clients.laptop)
  const id = await world.create({ source: 'volume=storage/a', destination: 'lisa@example.com:/in/' })
  expect((await world.job(id)).destination_client).toBe(world.clients.desktop)
  await world.disconnect(world.clients.desktop)
  await world.connect(world.clients.laptop)
  await world.quiet()
  expect((await world.job(id)).destination_client).toBe(world.clients.desktop)
  await world.connect(world.clients.desktop)
  expect((await world.runs(id)).destination_client).toBe(world.clients.desktop)
})
