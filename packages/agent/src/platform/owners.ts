import { readFileSync } from 'node:fs'
import type { Owner } from '@waybill/asc'

/** What is said to leave an id of a file as it is. */
const unchanged = 0xffff_ffff

/**
 * Users and groups of this system, by number and by name, as they stand in /etc/passwd and /etc/group. Where
 * there is no such file, or a directory service knows more than it, numbers alone are used. Read once, when first needed.
 */
export class Owners {
  #read: { readonly users: Ids; readonly groups: Ids } | undefined

  /** Whom a file belongs to; undefined on systems whose files have no such owners. */
  describe(uid: bigint, gid: bigint): Owner | undefined {
    if (process.getuid === undefined) return undefined
    const [user, group] = [Number(uid), Number(gid)]
    return {
      uid: user,
      gid: group,
      user: this.#ids.users.names.get(user) ?? '',
      group: this.#ids.groups.names.get(group) ?? '',
    }
  }

  /** The numbers here of an owner from another system: those of its names, where they are known. */
  idsHere({ uid, gid, user, group }: Owner): { readonly uid: number; readonly gid: number } {
    const here = { uid: this.#ids.users.ids.get(user) ?? uid, gid: this.#ids.groups.ids.get(group) ?? gid }
    return { uid: sound(here.uid), gid: sound(here.gid) }
  }

  get #ids() {
    this.#read ??= { users: idsOf('/etc/passwd'), groups: idsOf('/etc/group') }
    return this.#read
  }
}

/** Numbers that the system takes: the highest would mean "leave it". */
function sound(id: number): number {
  if (Number.isInteger(id) && id >= 0 && id < unchanged) return id
  throw new Error(`there is no user or group ${id}`)
}

interface Ids {
  readonly names: ReadonlyMap<number, string>
  readonly ids: ReadonlyMap<string, number>
}

function idsOf(path: string): Ids {
  const names = new Map<number, string>()
  const ids = new Map<string, number>()
  for (const line of linesOf(path)) {
    const [name = '', , id = ''] = line.split(':')
    if (name === '' || !/^\d{1,10}$/.test(id)) continue
    ids.set(name, Number(id))
    if (!names.has(Number(id))) names.set(Number(id), name)
  }
  return { names, ids }
}

function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n')
  } catch {
    return []
  }
}
