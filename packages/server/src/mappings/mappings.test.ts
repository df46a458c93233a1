import { type RequestArgs, WaybillError } from '@waybill/api'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AgentHub } from '../agents/hub.js'
import { Studio } from '../jobs/ends/testing.js'
import type { Person } from '../jobs/testing.js'
import { type MappingRequest, putMapping, removeMapping } from './change-mappings.js'
import { listMappings } from './list-mappings.js'
import { mappingAt } from './mapped.js'

let studio: Studio
const asked: unknown[] = []
beforeAll(async () => {
  studio = await Studio.open()
})
beforeEach(async () => {
  asked.length = 0
  await studio.world.db.deleteFrom('mapping').execute()
})
afterAll(async () => {
  await studio.world.close()
})

/** Agents that are all online and have every directory but `/gone`; `/fixed` cannot be written to. */
const hub: AgentHub = {
  isOnline: (client) => client !== studio.ids.tomsPc,
  send: () => true,
  request: async (client, name, args) => {
    asked.push({ client, name, args })
    // Safe: nothing else is asked here.
    const { path } = args as RequestArgs<'root.check'>
    if (path === '/gone') throw new WaybillError('not_found', '/gone does not exist')
    return await Promise.resolve({ path, free: 1, writable: path !== '/fixed' } as never)
  },
}

async function put(request: Partial<MappingRequest>, person: Person = studio.world.tom): Promise<void> {
  const whole = {
    client: 'tom-mac',
    share: 'folder=trailers',
    path: '/t',
    read: false,
    write: false,
    ...request,
  }
  await putMapping(studio.world.context(person), hub, whole)
}

const list = async (person: Person = studio.world.tom) => await listMappings(studio.world.context(person))

async function refusal(work: Promise<unknown>): Promise<string> {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  return thrown instanceof WaybillError ? thrown.code : `no refusal: ${String(thrown)}`
}

describe('a mapping', () => {
  it('is made once for each share and machine, checked by the agent, and changed', async () => {
    await put({})
    await put({ path: '/u', write: true })
    expect(asked).toEqual(
      ['/t', '/u'].map((path) => ({
        client: studio.ids.tomsMac,
        name: 'root.check',
        args: { path, create: false },
      })),
    )
    expect(await list()).toMatchObject([
      {
        client_hr: 'tom-mac',
        user_hr: 'tom@example.com',
        share_hr: 'folder=trailers',
        path: '/u',
        read: false,
        write: true,
      },
    ])
    const audit = await studio.world.db.selectFrom('audit').select(['change', 'email']).execute()
    expect(audit).toContainEqual({ change: 'mapped', email: 'tom@example.com' })
  })

  it.each(['trailers', 'share=trailers', 'Folder=TRAILERS', '~'])(
    'may name its share as %s',
    async (share) => {
      await put({ share })
      expect(await list()).toHaveLength(1)
      const ctx = studio.world.context(studio.world.tom)
      await removeMapping(ctx, { client: 'tom-mac', share })
      expect(await list()).toEqual([])
      expect(await refusal(removeMapping(ctx, { client: 'tom-mac', share }))).toBe('not_found')
    },
  )

  it('is seen by its user, and by operators who see user and share', async () => {
    const { world } = studio
    await put({ read: true })
    await put({ client: 'laptop', share: 'volume=storage', path: '/s' }, world.lisa)
    const seen = async (person: Person) => (await list(person)).map(({ client_hr }) => client_hr)
    expect(await seen(world.tom)).toEqual(['tom-mac'])
    expect(await seen(world.lisa)).toEqual(['tom-mac', 'laptop'])
    expect(await seen(world.admin)).toEqual(['tom-mac', 'laptop'])
  })

  const refused: [string, Partial<MappingRequest>, string, (() => Person)?][] = [
    ["somebody else's machine", { client: 'laptop' }, 'bad_request'],
    ["somebody else's machine by its id", { client: 'LAPTOP_ID' }, 'not_found'],
    ["a vendor's machine, by an admin", { client: 'TOM_ID' }, 'forbidden', () => studio.world.admin],
    ['a share that one does not see', { share: 'volume=second' }, 'not_found'],
    ['a share that is not there', { share: 'volume=nope' }, 'not_found'],
    ['a path in a share', { share: 'folder=trailers/v2' }, 'bad_request'],
    ['a collection', { share: 'collection=best', client: 'laptop' }, 'bad_request', () => studio.world.lisa],
    ['no share', { share: '/srv' }, 'bad_request'],
    ['a relative path', { path: 'in' }, 'bad_request'],
    ["another system's path", { path: 'C:\\in' }, 'bad_request'],
    ['a whole machine', { path: '/' }, 'bad_request'],
    ['a directory that is not there', { path: '/gone' }, 'not_found'],
    ['a directory that cannot be written to, for writing', { path: '/fixed', write: true }, 'forbidden'],
    ['a machine that is offline', { client: 'tom-pc', path: 'C:\\in' }, 'agent_offline'],
  ]
  it.each(refused)('is refused for %s', async (_, request, code, person) => {
    const ids: Readonly<Record<string, string>> = {
      LAPTOP_ID: studio.world.clients.laptop,
      TOM_ID: studio.ids.tomsMac,
    }
    const client = request.client === undefined ? {} : { client: ids[request.client] ?? request.client }
    expect(await refusal(put({ ...request, ...client }, person?.()))).toBe(code)
    expect(await list(studio.world.admin)).toEqual([])
  })
})

describe('the mapping of a place', () => {
  const mapped = (volume: string, ...below: string[]) => ({
    client: 'c',
    path: `/${below.join('-')}`,
    read: true,
    write: true,
    volume,
    below,
  })
  const all = [mapped('v'), mapped('v', 'film'), mapped('v', 'film', 'trailers'), mapped('w', 'x')]
  it.each([
    ['v', ['film', 'trailers', 'a'], '/film-trailers', ['a']],
    ['v', ['film', 'trailers'], '/film-trailers', []],
    ['v', ['film', 'a'], '/film', ['a']],
    ['v', ['films'], '/', ['films']],
    ['w', ['x', 'y'], '/x', ['y']],
    ['w', ['xy'], undefined, undefined],
    ['u', ['x'], undefined, undefined],
  ])('%s/%j is the nearest above', (volume, below, path, names) => {
    const found = mappingAt(all, volume, below)
    expect(found?.mapping.path).toBe(path)
    expect(found?.names).toEqual(names)
  })
})
