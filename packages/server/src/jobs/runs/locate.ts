import type { Location, Reason, Scope } from '@waybill/api'
import { segments } from '../../access/grants.js'
import { loadRights, scopeOf } from '../../access/rights.js'
import { mappingAt, mappingsOn } from '../../mappings/mapped.js'
import type { Tx } from '../../store/store.js'
import type { TaskParty } from '../task-party.js'

/** Why a task's files cannot be found or put anywhere on a machine. */
export interface Lost {
  readonly lost: Reason
}

/** Which side of which job is asked about. */
export interface LocatorSide {
  readonly client: string
  readonly job: string
  /** Its files are read there, or written. */
  readonly access: 'read' | 'write'
}

/**
 * Finds where a task's files lie on one client's machine. What costs a query and stays the same in a run is
 * looked up once; what people may withdraw, each time.
 */
export class Locator {
  private readonly known = new Map<string, Promise<unknown>>()

  constructor(
    private readonly db: Tx,
    readonly side: LocatorSide,
  ) {}

  async locate(party: TaskParty): Promise<Location | Lost> {
    const { path, v: volume } = party
    if (path === undefined) return lost('W#J054', 'Its receiver has yet to choose a place')
    if (volume === undefined) return { root: null, path }
    const place = await this.placeOf(party, volume)
    if (place === undefined) return lost('W#J052', 'The share that it lies in is gone')
    return party.user === undefined
      ? await this.onServer(volume, place)
      : await this.onMachine(party.user, volume, place.below)
  }

  private async onServer(volume: string, { below, top }: Place): Promise<Location | Lost> {
    const root = await this.once(`root ${volume}`, async () => await this.rootOf(volume))
    if (root === undefined) return lost('W#J052', 'Its volume is not served at one of the two ends')
    const path = below.join('/')
    if (this.side.access === 'write') return { root, path }
    // A link within the share may lead to a place in the volume that its creator must not read.
    const reach = reachAbove(await this.scopeOn(volume), below)
    const within = reach.length > top.length ? reach : top
    return { root, path, ...(within.length === 0 ? {} : { within: within.join('/') }) }
  }

  private async onMachine(user: string, volume: string, below: readonly string[]): Promise<Location | Lost> {
    const found = mappingAt(await mappingsOn(this.db, [this.side.client]), volume, below)
    if (found === undefined) return lost('E#J057', 'Its share is no longer mapped on that machine')
    const { mapping, names } = found
    if (!mapping[this.side.access] && (await this.creator())?.id !== user) {
      return lost('E#J057', `Its owner no longer lets others ${this.side.access} there`)
    }
    return { root: mapping.path, path: names.join('/') }
  }

  /** Where on the volume it lies, and where the named share begins there. */
  private async placeOf({ s: named, path = '' }: TaskParty, volume: string): Promise<Place | undefined> {
    const names = segments(path)
    if (names === undefined) return undefined
    if (named === undefined || named === volume) return { below: names, top: [] }
    const share = await this.once(`share ${named}`, async () => {
      const shares = this.db.selectFrom('share').select(['kind', 'path']).where('id', '=', named)
      return await shares.executeTakeFirst()
    })
    if (share === undefined) return undefined
    if (share.kind === 'collection') return await this.placeInCollection(named, names)
    const top = segments(share.path)
    return top && { below: [...top, ...names], top }
  }

  private async placeInCollection(
    collection: string,
    [name = '', ...rest]: readonly string[],
  ): Promise<Place | undefined> {
    const file = await this.db
      .selectFrom('collection_file')
      .select('path')
      .where('collection', '=', collection)
      .where('name', '=', name)
      .executeTakeFirst()
    const at = file && segments(file.path)
    return at && { below: [...at, ...rest], top: at.slice(0, -1) }
  }

  private async rootOf(volume: string): Promise<string | undefined> {
    const row = await this.db
      .selectFrom('share_server')
      .select('path')
      .where('share', '=', volume)
      .where('client', '=', this.side.client)
      .executeTakeFirst()
    return row?.path
  }

  /** What the job's creator may do on a volume; undefined for a creator who is gone. */
  private async scopeOn(volume: string): Promise<Scope | undefined> {
    return await this.once(`scope ${volume}`, async () => {
      const user = await this.creator()
      if (user === undefined) return undefined
      const caller = { user: user.id, account: '', email: '', role: user.role }
      return scopeOf(await loadRights(this.db, caller), volume)
    })
  }

  private async creator() {
    return await this.once('creator', async () => {
      const users = this.db.selectFrom('job').innerJoin('user', 'user.id', 'job.user')
      return await users
        .select(['user.id', 'user.role'])
        .where('job.id', '=', this.side.job)
        .executeTakeFirst()
    })
  }

  private async once<T>(key: string, look: () => Promise<T>): Promise<T> {
    const known = this.known.get(key) ?? look()
    this.known.set(key, known)
    // A key is only ever looked up by the one method that makes it, with one type.
    return (await known) as T
  }
}

interface Place {
  readonly below: readonly string[]
  readonly top: readonly string[]
}

/** The highest directory that a scope lets read together with all beneath, among those above a place. */
function reachAbove(scope: Scope | undefined, below: readonly string[]): readonly string[] {
  if (scope === undefined || scope.all) return []
  const above = scope.reaches
    .filter(({ names, read }) => read && names.every((name, i) => below[i] === name))
    .map(({ names }) => names)
  return above.sort((a, b) => a.length - b.length)[0] ?? []
}

function lost(code: Reason['code'], message: string): Lost {
  return { lost: { code, message } }
}

export function isLost(found: object): found is Lost {
  return 'lost' in found
}

/** The location as one absolute path, in the notation of its machine. */
export function absolutePath({ root, path }: Location): string {
  if (root === null) return path
  const separator = /^[a-z]:\\|^\\\\/i.test(root) ? '\\' : '/'
  const below = separator === '\\' ? path.replaceAll('/', '\\') : path
  if (below === '') return root
  return root.endsWith(separator) ? root + below : `${root}${separator}${below}`
}
