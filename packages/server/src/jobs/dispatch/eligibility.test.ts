import { newId } from '@waybill/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { upload, World } from '../testing.js'
import { whatStandsAgainst } from './eligibility.js'
import { type Facts, loadFacts } from './facts.js'

let world: World
let free: Facts
const now = 1000

beforeAll(async () => {
  world = await World.create()
  const id = await world.create(upload(world, 'a.mov', { status: 'paused' }))
  const [facts] = await loadFacts(world.db, [await world.job(id)])
  if (facts === undefined) throw new Error('a job has facts')
  free = facts
})
afterAll(async () => {
  await world.close()
})

const anybody = () => true

/** What is in the way, and the reason and entity that are then named. */
const obstacles: {
  readonly what: string
  readonly change: (facts: Facts) => Partial<Facts>
  readonly online?: (client: string) => boolean
  readonly code: string
  readonly entity: ((facts: Facts) => string | undefined) | undefined
}[] = [
  {
    what: 'a receiver who has to choose',
    change: ({ job }) => ({
      job: { ...job, tasks_queued: 0, tasks_pending: 1, destination_id: world.lisa.id },
    }),
    code: 'W#J054',
    entity: () => `user:${world.lisa.id}`,
  },
  {
    what: 'a paused queue',
    change: ({ queues }) => ({ queues: queues.map((queue) => ({ ...queue, status: 'paused' })) }),
    code: 'W#J067',
    entity: ({ job }) => `queue:${job.parent ?? ''}`,
  },
  {
    what: 'a disabled user',
    change: ({ users }) => ({ users: users.map((user) => ({ ...user, status: 'disabled' })) }),
    code: 'E#J051',
    entity: () => `user:${world.lisa.id}`,
  },
  {
    what: 'an inactive user',
    change: ({ users }) => ({ users: users.map((user) => ({ ...user, inactive: 1 })) }),
    code: 'E#J051',
    entity: () => `user:${world.lisa.id}`,
  },
  {
    what: 'a disabled site',
    change: () => ({ sites: [{ id: 's', code: 'stockholm', status: 'disabled' }] }),
    code: 'W#J052',
    entity: () => 'site:s',
  },
  {
    what: 'a disabled share',
    change: ({ shares }) => ({ shares: shares.map((share) => ({ ...share, status: 'disabled' })) }),
    code: 'W#J052',
    entity: () => `volume:${world.volume}`,
  },
  {
    what: 'an inactive share',
    change: ({ shares }) => ({ shares: shares.map((share) => ({ ...share, inactive: 1 })) }),
    code: 'W#J052',
    entity: () => `volume:${world.volume}`,
  },
  {
    what: 'a volume that nobody serves',
    change: ({ storage }) => ({ storage: storage.map((side) => ({ ...side, served: [] })) }),
    code: 'W#J052',
    entity: () => `volume:${world.volume}`,
  },
  {
    what: 'a directory that is gone',
    change: ({ storage }) => ({ storage: storage.map(brokenServing) }),
    code: 'W#J052',
    entity: () => `volume:${world.volume}`,
  },
  { what: 'no source', change: () => ({ source: undefined }), code: 'W#J050', entity: undefined },
  { what: 'no destination', change: () => ({ destination: undefined }), code: 'W#J050', entity: undefined },
  {
    what: 'a disabled client',
    change: ({ source }) => ({ source: source && { ...source, disabled: 1 } }),
    code: 'W#J050',
    entity: () => `client:${world.clients.laptop}`,
  },
  {
    what: 'an offline source',
    change: () => ({}),
    online: (client) => client !== world.clients.laptop,
    code: 'W#J050',
    entity: () => `client:${world.clients.laptop}`,
  },
  {
    what: 'an offline destination',
    change: () => ({}),
    online: (client) => client !== world.clients.hq,
    code: 'W#J050',
    entity: () => `client:${world.clients.hq}`,
  },
  {
    what: 'a moment that has not come',
    change: ({ job }) => ({ job: { ...job, reason: null, not_before: now + 1 } }),
    code: 'W#J056',
    entity: undefined,
  },
]

function brokenServing(side: Facts['storage'][number]): Facts['storage'][number] {
  return { ...side, served: side.served.map((row) => ({ ...row, problem: '/srv/storage is gone' })) }
}

describe('a job may run', () => {
  it('when nothing stands against it', () => {
    expect(whatStandsAgainst(free, anybody, now)).toBeUndefined()
  })

  it('once its moment has come', () => {
    expect(
      whatStandsAgainst({ ...free, job: { ...free.job, not_before: now } }, anybody, now),
    ).toBeUndefined()
  })

  it.each(obstacles)('but not with $what', ({ change, online, code, entity }) => {
    const reason = whatStandsAgainst({ ...free, ...change(free) }, online ?? anybody, now)
    expect(reason).toMatchObject({ code })
    expect(reason?.entity).toBe(entity?.(free))
    expect(reason?.message).not.toBe('')
  })

  it('and a standard user, who sees no storage, is not told of it by name', () => {
    const words = (facts: Facts, online = anybody): string[] => {
      const cases: Partial<Facts>[] = [
        { storage: facts.storage.map((side) => ({ ...side, served: [] })) },
        { storage: facts.storage.map(brokenServing) },
        { shares: facts.shares.map((share) => ({ ...share, status: 'disabled' })) },
      ]
      const told = cases.map(
        (change) => whatStandsAgainst({ ...facts, ...change }, online, now)?.message ?? '',
      )
      const offline = (client: string) => client !== world.clients.hq
      return [...told, whatStandsAgainst(facts, offline, now)?.message ?? '']
    }
    const standard = { ...free, nameless: true }
    for (const message of words(free)) expect(message).toMatch(/storage|hq-server/)
    for (const message of words(standard)) {
      expect(message).not.toBe('')
      expect(message).not.toMatch(/storage|hq-server|\/srv/)
    }
  })
})

it('standard users see a job as its creator, its receiver, or because they were told', async () => {
  const { db, tom, lisa, workspace, admin } = world
  const id = await world.create(upload(world, 'b.mov', { status: 'paused' }))
  const nameless = async () => (await loadFacts(db, [await world.job(id)]))[0]?.nameless
  expect(await nameless()).toBe(false)
  const told = { id: newId(now), workspace: workspace.id, job: id, actioned: null, created: now }
  await db
    .insertInto('recipient')
    .values({ ...told, user: tom.id, creator: admin.email })
    .execute()
  expect(await nameless()).toBe(true)
  await db.deleteFrom('recipient').execute()
  await db.updateTable('job').set({ user: tom.id }).where('id', '=', id).execute()
  expect(await nameless()).toBe(true)
  const receiver = { user: lisa.id, destination_type: 'user' as const, destination_id: tom.id }
  await db.updateTable('job').set(receiver).where('id', '=', id).execute()
  expect(await nameless()).toBe(true)
})
