import { describe, expect, it } from 'vitest'
import type { AgentHub } from '../../agents/hub.js'
import { putMapping, removeMapping } from '../../mappings/change-mappings.js'
import { listMappings } from '../../mappings/list-mappings.js'
import { testDatabases } from '../../store/testing.js'
import { readTaskParty } from '../task-party.js'
import { Studio } from './testing.js'

/** Agents that have every directory. */
const hub: AgentHub = {
  isOnline: () => true,
  send: () => true,
  request: async () => await Promise.resolve({ path: '/t', free: 1, writable: true } as never),
}

for (const database of testDatabases()) {
  describe.skipIf(database.missing !== undefined)(`on ${database.name}`, () => {
    it('parties are found, shares mapped, and places chosen', async () => {
      const studio = await Studio.open(() => database.create())
      const { world } = studio
      try {
        const { source } = await studio.ends('collection=best', '/in/')
        expect(source.map((end) => ('path' in end ? end.path : ''))).toEqual(['reel1.mov', 'stills'])
        const { destination } = await studio.ends('home=lisa@example.com/a', 'site=stockholm')
        expect(destination).toMatchObject([{ party: 'site', path: 'home/lisa/a' }])

        const ctx = world.context(world.tom)
        const mapping = { client: 'tom-mac', share: 'folder=trailers', path: '/t', read: true, write: false }
        await putMapping(ctx, hub, mapping)
        await putMapping(ctx, hub, { ...mapping, write: true })
        expect(await listMappings(world.context(world.lisa))).toMatchObject([{ read: true, write: true }])
        const pushed = await studio.ends('folder=trailers/a', 'tom@example.com')
        expect(pushed.destination).toMatchObject([{ client: 'tomsMac', path: 'film/trailers/a' }])
        await removeMapping(ctx, { client: 'tom-mac', share: 'trailers' })

        const job = await world.create({ source: 'folder=trailers/a', destination: 'tom@example.com' })
        const choice = { path: '/in', client: studio.ids.tomsMac, tasks: undefined }
        await world.service.transfer.receive(ctx, job, choice)
        await world.service.transfer.receive(ctx, job, choice)
        const [task] = await world.tasks(job)
        expect(readTaskParty(task?.destination ?? '').path).toBe('/in/a')
        await world.runs(job)
      } finally {
        await world.close()
      }
    }, 60_000)
  })
}
