import type { Location } from '@waybill/api'
import type { Tx } from '../../store/store.js'
import type { TaskParty } from '../task-party.js'

/** Finds where a task's files lie on one client's machine; remembers the roots that it has looked up. */
export class Locator {
  private readonly roots = new Map<string, string | undefined>()

  constructor(
    private readonly db: Tx,
    private readonly client: string,
  ) {}

  /** Undefined when the client does not serve the volume, or the receiver has not chosen a place. */
  async locate(party: TaskParty): Promise<Location | undefined> {
    if (party.path === undefined) return undefined
    if (party.v === undefined) return { root: null, path: party.path }
    const root = await this.rootOf(party.v)
    return root === undefined ? undefined : { root, path: party.path }
  }

  private async rootOf(volume: string): Promise<string | undefined> {
    if (!this.roots.has(volume)) {
      const row = await this.db
        .selectFrom('share_server')
        .select('path')
        .where('share', '=', volume)
        .where('client', '=', this.client)
        .executeTakeFirst()
      this.roots.set(volume, row?.path)
    }
    return this.roots.get(volume)
  }
}

/** The location as one absolute path, in the notation of its machine. */
export function absolutePath({ root, path }: Location): string {
  if (root === null) return path
  const separator = /^[a-z]:\\|^\\\\/i.test(root) ? '\\' : '/'
  const below = separator === '\\' ? path.replaceAll('/', '\\') : path
  return root.endsWith(separator) ? root + below : `${root}${separator}${below}`
}
