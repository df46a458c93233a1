import { WaybillError } from '@waybill/api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Studio } from '../ends/testing.js'
import { readTaskParty } from '../task-party.js'
import type { Person, World } from '../testing.js'
import type { Choice } from './receive.js'

let studio: Studio
let world: World
let job: string
beforeEach(async () => {
  studio = await Studio.open()
  world = studio.world
  const tasks = ['film/a.mov', 'film/b.mov', 'film/seq.%04d.exr[1-9]'].map((source) => ({ source }))
  job = await world.create({ tasks, destination: 'tom@example.com' })
})
afterEach(async () => {
  await world.close()
})

async function receive(choice: Partial<Choice>, person: Person = world.tom): Promise<void> {
  const whole = { path: '/in', client: 'tom-mac', tasks: undefined, ...choice }
  await world.service.transfer.receive(world.context(person), job, whole)
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  return thrown instanceof WaybillError ? thrown.code : `no refusal: ${String(thrown)}`
}

const places = async () =>
  (await world.tasks(job)).map(({ destination, status }) => [status, readTaskParty(destination).path])

describe('files that were sent to a user without a path', () => {
  it('wait, and the job says for whom', async () => {
    await world.quiet()
    const found = await world.job(job)
    expect(found).toMatchObject({
      status: 'waiting',
      reason: 'W#J054',
      tasks_pending: 3,
      destination_client: null,
    })
    expect(found.reason_hr).toContain('tom@example.com')
    expect(found.size).toBe(300)
  })

  it('go into the directory that he chooses, and the job runs', async () => {
    await receive({})
    expect(await places()).toEqual([
      ['queued', '/in/a.mov'],
      ['queued', '/in/b.mov'],
      ['queued', '/in'],
    ])
    const lease = await world.runs(job)
    expect(lease.destination_client).toBe(studio.ids.tomsMac)
    await world.report(lease, 'done')
    await world.reaches(job, 'done')
  })

  it('may be chosen again without effect, and not for another machine', async () => {
    await receive({ path: '/in/' })
    const before = await world.tasks(job)
    await receive({ path: '/in' })
    expect(await world.tasks(job)).toEqual(before)
    expect(await refusal(receive({ path: 'C:\\in', client: 'tom-pc' }))).toBe('conflict')
  })

  it('may get their places one by one; the job runs as far as that', async () => {
    await receive({ tasks: ['0'] })
    const lease = await world.runs(job)
    await world.report(lease, 'done')
    const waiting = await world.until(async () => {
      const found = await world.job(job)
      expect(found).toMatchObject({ status: 'waiting', reason: 'W#J054', tasks_pending: 2, tasks_done: 1 })
      return found
    })
    expect(waiting.destination_client).toBe(studio.ids.tomsMac)
    const [, second] = await world.tasks(job)
    await receive({ tasks: [second?.id ?? '', '2'], path: '/elsewhere' })
    expect((await places()).map(([, path]) => path)).toEqual(['/in/a.mov', '/elsewhere/b.mov', '/elsewhere'])
  })

  it('go to a Windows machine in its notation', async () => {
    await receive({ path: 'D:\\in\\', client: studio.ids.tomsPc })
    expect((await places()).map(([, path]) => path)).toEqual(['D:\\in\\a.mov', 'D:\\in\\b.mov', 'D:\\in'])
  })

  it('are sent to the same place when they are sent again', async () => {
    await world.edit(job, { status: 'paused' })
    await receive({})
    const answer = await world.addTasks(job, { source: 'film/a.mov', destination: 'tom@example.com' })
    const [first] = await world.tasks(job)
    expect(answer).toEqual({ ids: [first?.id] })
    expect((await places())[0]).toEqual(['queued', '/in/a.mov'])
  })

  it('that are on hold get a place, too, and are not queued without one', async () => {
    const set = async (status: string) =>
      await world.service.task.updateMany(world.context(), job, [{ uri: '0', status }])
    await set('excluded')
    expect(await refusal(set('queued'))).toBe('conflict')
    await receive({})
    expect((await places())[0]).toEqual(['excluded', '/in/a.mov'])
    await set('queued')
    expect((await places())[0]).toEqual(['queued', '/in/a.mov'])
  })

  const refused: [string, Partial<Choice>, string, (() => Person)?][] = [
    ['by the sender', {}, 'forbidden', () => world.lisa],
    ['by an admin', {}, 'forbidden', () => world.admin],
    ['to a relative path', { path: 'in' }, 'bad_request'],
    ['to storage', { path: 'volume=storage/in' }, 'bad_request'],
    ['with a party', { path: 'lisa@example.com:/in' }, 'bad_request'],
    ["in another system's notation", { path: 'C:\\in' }, 'bad_request'],
    ['upwards', { path: '/in/../out' }, 'bad_request'],
    ['to a machine that is not there', { client: 'laptop' }, 'bad_request'],
    ["to somebody else's machine", { client: '0'.repeat(24) }, 'bad_request'],
    ['for tasks that are not there', { tasks: ['7'] }, 'not_found'],
  ]
  it.each(refused)('cannot be received %s', async (_, choice, code, person) => {
    expect(await refusal(receive(choice, person?.()))).toBe(code)
    expect(await places()).toEqual(Array.from({ length: 3 }, () => ['pending', undefined]))
    expect((await world.job(job)).destination_client).toBeNull()
  })

  it('do not overwrite one another', async () => {
    await world.addTasks(job, { source: 'other/A.MOV', destination: 'tom@example.com' })
    expect(await refusal(receive({}))).toBe('conflict')
    await receive({ tasks: ['3'], path: '/other' })
    await receive({})
    expect((await places()).map(([, path]) => path)).toEqual([
      '/in/a.mov',
      '/in/b.mov',
      '/in',
      '/other/A.MOV',
    ])
  })

  it('need a place by then: none is added without one', async () => {
    expect(await refusal(Promise.resolve(world.addTasks(job, { tasks: ['film/c.mov'] })))).toBe('bad_request')
  })
})
