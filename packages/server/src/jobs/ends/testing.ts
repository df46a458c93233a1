import { newId, newUuid } from '@waybill/api'
import type { Insertable } from 'kysely'
import type { ShareTable } from '../../store/schema.js'
import type { TestDatabase } from '../../store/testing.js'
import { type Person, World } from '../testing.js'

/**
 * A world with everything that a path can name: a folder, homes and a collection on the default volume, a second
 * volume with paths for every system, a server for it at the main site, and machines of Tom, the vendor, one of
 * them with Windows.
 */
export class Studio {
  private constructor(
    readonly world: World,
    readonly ids: {
      readonly folder: string
      readonly home: string
      readonly tomsHome: string
      readonly collection: string
      readonly second: string
      readonly secondServer: string
      readonly tomsMac: string
      readonly tomsPc: string
      readonly hqSite: string
    },
  ) {}

  static async open(create?: () => Promise<TestDatabase>): Promise<Studio> {
    const world = await World.create(create)
    const { db, volume, workspace, lisa, tom, clock } = world
    const now = clock.now()
    const by = { created: now, creator: 'admin@example.com', modified: now, modifier: 'admin@example.com' }
    const common = { workspace: workspace.id, ...by, description: '', metadata: null }
    const hq = await db.selectFrom('site').select('id').where('main', '=', 1).executeTakeFirstOrThrow()

    type Own = Pick<Insertable<ShareTable>, 'kind' | 'parent' | 'path'> & Partial<Insertable<ShareTable>>
    const share = async (code: string, own: Own): Promise<string> => {
      const id = newId(now)
      const rest = { is_default: 0 as const, paths: null, user: null, queue: null, email: '' }
      const state = { status: 'enabled' as const, inactive: 0 as const }
      const row = { ...common, ...rest, ...state, id, code, name: code, ...own }
      await db.insertInto('share').values(row).execute()
      return id
    }
    const client = async (code: string, user: string, type: number, os: string): Promise<string> => {
      const id = newId(now)
      const machine = { username: '', version: '1', wan_ip: '', addresses: '["10.0.0.1"]', roles: '' }
      const state = { online: 1 as const, disabled: 0 as const, last_checkin: now, metrics: null }
      const own = { id, code, name: code, type, os, user, site: hq.id, machine: newUuid() }
      await db
        .insertInto('client')
        .values({ ...common, ...machine, ...state, ...own })
        .execute()
      world.hub.online.add(id)
      return id
    }
    const paths = JSON.stringify({ linux: '/mnt/second', mac: '/Volumes/second', windows: 'S:\\second' })
    const second = await share('second', { kind: 'volume', parent: null, path: '/mnt/second', paths })
    const secondServer = await client('second-server', world.admin.id, 1, 'windows')
    const serving = { workspace: workspace.id, share: second, client: secondServer, site: hq.id }
    await db
      .insertInto('share_server')
      .values({ id: newId(now), ...serving, path: 'S:\\second', problem: '', created: now })
      .execute()
    const ids = {
      second,
      secondServer,
      hqSite: hq.id,
      folder: await share('trailers', { kind: 'folder', parent: volume, path: 'film/trailers' }),
      home: await share('lisa', { kind: 'home', parent: volume, path: 'home/lisa', user: lisa.id }),
      tomsHome: await share('tom', { kind: 'home', parent: volume, path: 'home/tom', user: tom.id }),
      collection: await share('best', { kind: 'collection', parent: null, path: '' }),
      tomsPc: await client('tom-pc', tom.id, 0, 'windows'),
      tomsMac: await client('tom-mac', tom.id, 2, 'mac'),
    }
    const studio = new Studio(world, ids)
    for (const path of ['film/reel1.mov', 'film/stills']) {
      const name = path.split('/').at(-1) ?? ''
      const file = {
        id: newUuid(),
        collection: ids.collection,
        share: volume,
        volume,
        path,
        name,
        created: now,
      }
      await db
        .insertInto('collection_file')
        .values({ ...file, workspace: workspace.id, creator: lisa.email })
        .execute()
    }
    await studio.grant(tom, ids.folder)
    await studio.grant(lisa, ids.collection)
    return studio
  }

  async grant(
    person: Person,
    share: string,
    rights = { read: true, write: true },
    path = '/',
  ): Promise<void> {
    const { db, workspace, clock } = this.world
    const now = clock.now()
    await db
      .insertInto('acl')
      .values({
        id: newId(now),
        workspace: workspace.id,
        user: person.id,
        share,
        paths: JSON.stringify([{ path, ...rights }]),
        notify: 0,
        message: '',
        description: '',
        inactive: 0,
        acknowledged: null,
        created: now,
        creator: 'admin@example.com',
        modified: now,
        modifier: 'admin@example.com',
      })
      .execute()
  }

  async map(client: string, share: string, path: string, allow: { read?: boolean; write?: boolean } = {}) {
    const { db, workspace, clock } = this.world
    const now = clock.now()
    const rights = { read: allow.read === true ? 1 : 0, write: allow.write === true ? 1 : 0 } as const
    const by = { created: now, creator: 'tom@example.com', modified: now, modifier: 'tom@example.com' }
    await db
      .insertInto('mapping')
      .values({ id: newId(now), workspace: workspace.id, client, share, path, ...rights, ...by })
      .execute()
  }

  /** Makes a paused transfer, and shows its two ends as tasks do, each with the party of the job before it. */
  async ends(source: string, destination: string | undefined, person?: Person) {
    const input = { source, status: 'paused', ...(destination === undefined ? {} : { destination }) }
    const id = await this.world.create(input, person)
    const job = await this.world.job(id)
    const tasks = await this.world.tasks(id)
    const side = (which: 'source' | 'destination') =>
      tasks.map((task) => ({
        party: this.named(job[`${which}_type`], job[`${which}_id`]),
        ...this.readable(task[which]),
      }))
    return { id, job, source: side('source'), destination: side('destination') }
  }

  private readable(json: string): Record<string, unknown> {
    const names = new Map<unknown, string>([
      ...Object.entries({ ...this.world.clients, ...this.ids }).map(([name, id]) => [id, name] as const),
      [this.world.volume, 'storage'],
      [this.world.lisa.id, 'lisa'],
      [this.world.tom.id, 'tom'],
    ])
    const party: unknown = JSON.parse(json)
    if (typeof party !== 'object' || party === null) return {}
    const { site: _, ...keys } = Object.fromEntries(Object.entries(party))
    return Object.fromEntries(Object.entries(keys).map(([key, value]) => [key, names.get(value) ?? value]))
  }

  private named(type: string | null, id: string | null): string {
    const { lisa, tom, admin } = this.world
    const person = [lisa, tom, admin].find((one) => one.id === id)
    return person === undefined ? String(type) : (person.email.split('@')[0] ?? '')
  }
}
