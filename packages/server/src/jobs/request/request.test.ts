import { WaybillError } from '@waybill/api'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Input } from '../../entities/operations.js'
import { readTaskParty } from '../task-party.js'
import { type Person, upload, World } from '../testing.js'

let world: World
beforeAll(async () => {
  world = await World.create()
})
beforeEach(async () => {
  await world.db.deleteFrom('job').where('kind', '=', 'transfer').execute()
})
afterAll(async () => {
  await world.close()
})

const laptop = (name: string) => `client=${world.clients.laptop}:/home/lisa/${name}`

async function refusal(work: Promise<unknown> | undefined): Promise<string> {
  const thrown: unknown = await Promise.resolve(work).then(
    () => undefined,
    (error: unknown) => error,
  )
  return thrown instanceof WaybillError ? thrown.code : `no refusal: ${String(thrown)}`
}

describe('the payload of a transfer', () => {
  it.each<[string, () => Input, string[]]>([
    ['source and destination', () => upload(world), ['0']],
    ['a list', () => ({ tasks: [upload(world, 'a'), upload(world, 'b')] }), ['0', '1']],
    ['one object', () => ({ tasks: upload(world) }), ['0']],
    [
      'an object keyed by uri',
      () => ({ tasks: { x: upload(world, 'a'), y: upload(world, 'b') } }),
      ['x', 'y'],
    ],
    [
      'bare paths',
      () => ({ tasks: [laptop('a'), laptop('b')], destination: 'volume=storage/in/' }),
      ['0', '1'],
    ],
  ])('may be %s', async (_, input, uris) => {
    const tasks = await world.tasks(await world.create({ ...input(), status: 'paused' }))
    expect(tasks.map(({ uri }) => uri)).toEqual(uris)
    expect(tasks.map(({ status, priority }) => ({ status, priority }))).toEqual(
      uris.map(() => ({ status: 'queued', priority: 500 })),
    )
  })

  it('names the job, or its first source does', async () => {
    const named = await world.create(upload(world, 'a.mov', { name: 'Dailies' }))
    expect(await world.job(named)).toMatchObject({ name: 'Dailies', code: 'Dailies' })
    expect((await world.job(await world.create(upload(world, 'b/c.mov')))).name).toBe('c.mov')
  })

  it('puts a source into a destination that ends in a slash', async () => {
    const id = await world.create({ source: laptop('a.mov'), destination: 'volume=storage/in/' })
    const [task] = await world.tasks(id)
    expect(JSON.parse(task?.destination ?? '{}')).toMatchObject({ path: 'in/a.mov', v: world.volume })
  })

  it('puts several tasks beneath the destination that they have in common', async () => {
    const tasks = [laptop('a.mov'), laptop('b.mov')]
    const id = await world.create({ tasks, destination: 'volume=storage/in' })
    const paths = (await world.tasks(id)).map((task) => readTaskParty(task.destination).path)
    expect(paths).toEqual(['in/a.mov', 'in/b.mov'])
    const [only] = await world.tasks(
      await world.create({ tasks: [laptop('a')], destination: 'volume=storage/b' }),
    )
    expect(readTaskParty(only?.destination ?? '{}').path).toBe('b')
  })

  it('is refused where one task would replace what another has sent', async () => {
    const destination = 'volume=storage/in/'
    const tasks = [laptop('1/a.mov'), laptop('2/a.mov')]
    expect(await refusal(world.create({ tasks, destination }))).toBe('bad_request')
    const again = [laptop('1/a.mov'), laptop('1/a.mov')]
    expect(await world.tasks(await world.create({ tasks: again, destination }))).toHaveLength(1)
  })

  it('mirrors paths to a site without a path', async () => {
    const id = await world.create({ source: 'volume=storage/x/a.mov', destination: 'site=stockholm' })
    const [task] = await world.tasks(id)
    expect((await world.job(id)).mirrored).toBe(1)
    expect(JSON.parse(task?.destination ?? '{}')).toMatchObject({ path: 'x/a.mov', v: world.volume })
    expect(await world.addTasks(id, { tasks: ['volume=storage/x/b.mov'] })).toEqual({ success: true })
    expect(await world.tasks(id)).toHaveLength(2)
  })

  it('leaves the place to a user without a path', async () => {
    const id = await world.create({ source: 'volume=storage/a', destination: 'lisa@example.com' })
    expect(await world.job(id)).toMatchObject({ tasks_pending: 1, destination_client: null })
  })

  const refused: [string, () => Input, string, () => Person][] = [
    ['no destination', () => ({ source: laptop('a') }), 'bad_request', () => world.lisa],
    ['nothing at all', () => ({}), 'bad_request', () => world.lisa],
    ['no tasks', () => ({ tasks: [] }), 'bad_request', () => world.lisa],
    [
      'sources on two machines',
      () => ({
        tasks: [upload(world), { ...upload(world, 'b'), source: `client=${world.clients.desktop}:/b` }],
      }),
      'bad_request',
      () => world.lisa,
    ],
    [
      'destinations at two sites',
      () => ({
        tasks: [upload(world), { ...upload(world, 'b'), destination: 'site=stockholm:volume=storage/b' }],
      }),
      'bad_request',
      () => world.lisa,
    ],
    [
      'one place',
      () => ({ source: 'volume=storage/a', destination: 'volume=storage/a' }),
      'bad_request',
      () => world.lisa,
    ],
    [
      'an unknown volume',
      () => ({ ...upload(world), destination: 'volume=nope/a' }),
      'not_found',
      () => world.lisa,
    ],
    ['an unknown queue', () => upload(world, 'a', { queue: 'nope' }), 'not_found', () => world.lisa],
    [
      'a user without a client',
      () => ({ source: 'volume=storage/a', destination: 'tom@example.com' }),
      'bad_request',
      () => world.admin,
    ],
    ["somebody else's machine", () => upload(world), 'forbidden', () => world.admin],
    [
      'a way out of the volume',
      () => ({ ...upload(world), destination: 'volume=storage/../a' }),
      'bad_request',
      () => world.lisa,
    ],
    [
      'a volume that was not granted',
      () => ({ source: 'volume=storage/a', destination: 'site=stockholm' }),
      'not_found',
      () => world.tom,
    ],
    [
      'a status for machines',
      () => upload(world, 'a', { status: 'running' }),
      'bad_request',
      () => world.lisa,
    ],
  ]
  it.each(refused)('is refused with %s, and nothing is written', async (_, input, code, person) => {
    expect(await refusal(world.create(input(), person()))).toBe(code)
    expect(await world.db.selectFrom('job').select('id').where('kind', '=', 'transfer').execute()).toEqual([])
  })
})

describe('tasks that are added', () => {
  it('are retried where they are there already, or refused', async () => {
    const id = await world.create({ tasks: [upload(world), upload(world, 'b.mov')], status: 'paused' })
    const [task] = await world.tasks(id)
    await world.service.task.updateMany(world.context(), id, [{ uri: '0', status: 'failed' }])
    expect(await refusal(world.addTasks(id, { tasks: [upload(world)] }, false))).toBe('duplicate')
    expect(await world.addTasks(id, { tasks: [upload(world)] })).toEqual({ ids: [task?.id] })
    expect(await world.job(id)).toMatchObject({ tasks_total: 2, tasks_queued: 2, status: 'paused' })
  })

  it('are refused between other parties, and without a destination where nothing is mirrored', async () => {
    const id = await world.create(upload(world, 'a.mov', { status: 'paused' }))
    const other = { source: `client=${world.clients.desktop}:/b`, destination: 'volume=storage/b' }
    expect(await refusal(world.addTasks(id, { tasks: [other] }))).toBe('bad_request')
    expect(await refusal(world.addTasks(id, { tasks: ['/home/lisa/b'] }))).toBe('bad_request')
    expect(await world.tasks(id)).toHaveLength(1)
  })

  it('revive a finished job, also by append, as waiting and half a second from now', async () => {
    const id = await world.create(upload(world, 'a.mov', { status: 'paused' }))
    for (const name of ['b.mov', 'c.mov']) {
      await world.edit(id, { status: 'aborted' })
      if (name === 'b.mov') await world.addTasks(id, { tasks: [upload(world, name)] })
      else expect(await world.create({ ...upload(world, name), append: true })).toBe(id)
      const job = await world.job(id)
      expect(job).toMatchObject({ status: 'waiting', population: 'live', finished: null })
      expect(job.not_before).toBe(world.clock.now() + 500)
    }
    expect(await world.tasks(id)).toHaveLength(3)
  })
})

describe('an edit of the status', () => {
  it.each([
    ['paused', 'waiting', 'waiting'],
    ['paused', 'aborted', 'aborted'],
    ['paused', 'done', 'done'],
    ['aborted', 'waiting', 'waiting'],
    ['aborted', 'paused', undefined],
    ['aborted', 'aborted', 'aborted'],
    ['done', 'waiting', 'waiting'],
    ['done', 'paused', undefined],
    ['done', 'aborted', undefined],
  ] as const)('of a %s job to %s', async (from, to, then) => {
    const id = await world.create(upload(world, 'a.mov', { status: 'paused' }))
    if (from !== 'paused') await world.edit(id, { status: from })
    if (then === undefined) expect(await refusal(world.edit(id, { status: to }))).toBe('conflict')
    else await world.edit(id, { status: to })
    expect((await world.job(id)).status).toBe(then ?? from)
  })
})

describe('an edit of tasks', () => {
  it('names them by id or uri, and answers in that order', async () => {
    const id = await world.create({ tasks: [upload(world, 'a'), upload(world, 'b')], status: 'paused' })
    const [a, b] = await world.tasks(id)
    const items = [
      { uri: '1', priority: 900 },
      { id: a?.id, status: 'excluded' },
    ]
    expect(await world.service.task.updateMany(world.context(), id, items)).toEqual([b?.id, a?.id])
    expect(await world.tasks(id)).toMatchObject([{ status: 'excluded' }, { priority: 900, status: 'queued' }])
  })

  it('is all or nothing', async () => {
    const id = await world.create({ tasks: [upload(world, 'a'), upload(world, 'b')], status: 'paused' })
    const items = [{ uri: '0', status: 'excluded' }, { uri: '7' }]
    expect(await refusal(world.service.task.updateMany(world.context(), id, items))).toBe('not_found')
    expect((await world.job(id)).tasks_excluded).toBe(0)
  })

  it('does not queue a task whose receiver has to choose', async () => {
    const id = await world.create({ source: 'volume=storage/a', destination: 'lisa@example.com' })
    const edit = world.service.task.updateMany(world.context(), id, [{ uri: '0', status: 'queued' }])
    expect(await refusal(edit)).toBe('conflict')
  })

  it('holds a job of which only that is left, until one is queued again', async () => {
    await world.disconnectAll()
    const id = await world.create(upload(world))
    await world.quiet()
    const set = async (status: string) =>
      await world.service.task.updateMany(world.context(), id, [{ uri: '0', status }])
    await set('failed')
    expect((await world.job(id)).status).toBe('failed')
    await set('onhold')
    expect(await world.job(id)).toMatchObject({ status: 'paused', paused_by_hand: 0 })
    await set('queued')
    expect((await world.job(id)).status).toBe('waiting')
  })
})

describe('queues', () => {
  const queue = async (code: string) =>
    await world.db
      .selectFrom('job')
      .selectAll()
      .where('kind', '=', 'queue')
      .where('code', '=', code)
      .executeTakeFirst()
  const options = { parent: undefined, allowDuplicates: true }

  it('hand their jobs to the default one when they are deleted', async () => {
    const answer = await world.service.queue.create?.(
      world.context(world.admin),
      { code: 'night', priority: 7 },
      options,
    )
    const night = await queue('night')
    expect(answer).toEqual({ ids: [night?.id] })
    expect(night?.priority).toBe(7)
    const id = await world.create(upload(world, 'a.mov', { queue: 'night', status: 'paused' }))
    await world.service.queue.remove?.(world.context(world.admin), night?.id ?? '', { force: false })
    expect((await world.job(id)).parent).toBe((await queue('medium'))?.id)
  })

  it('have one default, which stays', async () => {
    const medium = await queue('medium')
    const low = await queue('low')
    const { queue: operations } = world.service
    const ctx = world.context(world.admin)
    expect(await refusal(operations.remove?.(ctx, medium?.id ?? '', { force: true }))).toBe('conflict')
    expect(await refusal(operations.update?.(ctx, medium?.id ?? '', { default: false }))).toBe('conflict')
    await operations.update?.(ctx, low?.id ?? '', { default: true })
    expect((await queue('medium'))?.is_default).toBe(0)
    await operations.update?.(ctx, medium?.id ?? '', { default: true })
    expect((await queue('low'))?.is_default).toBe(0)
  })
})
