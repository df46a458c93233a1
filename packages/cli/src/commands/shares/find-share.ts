import { isEntityId } from '@waybill/api'
import { type Entity, quote, type Session, type Share } from '@waybill/sdk'
import { badInput } from '../../exit.js'

/** What the commands of this folder name by id or code; homes also by their user's email. */
export type Kind = 'volume' | 'folder' | 'home' | 'collection' | 'site' | 'client' | 'server'

export interface Named {
  readonly id: string
  readonly code: string
}

/** By id or code, also as in `folder=code`; in use or set aside. Bad input when there is none or are several. */
export async function findOf(session: Session, kind: Kind, text: string): Promise<Named> {
  const name = text.startsWith(`${kind}=`) ? text.slice(kind.length + 1).replace(/\/$/, '') : text
  const found: Entity | null = isEntityId(name)
    ? await session.getEntity(kind, name)
    : ((await byCode(session, kind, name, false)) ?? (await byCode(session, kind, name, true)))
  if (found !== null) return { id: found.id, code: typeof found.code === 'string' ? found.code : name }
  const list = kind === 'server' ? 'client' : kind
  throw badInput(`no ${kind} is called "${name}"; "waybill ${list} list" shows them`)
}

async function byCode(session: Session, kind: Kind, name: string, inactive: boolean): Promise<Entity | null> {
  const attribute = kind === 'home' && name.includes('@') ? 'user' : 'code'
  const query: string = `${kind} WHERE ${attribute}=${quote(name)}`
  const [first, second] = await session.find(query, { inactive, limit: 2 })
  if (second !== undefined) throw badInput(`several are called "${name}"; name one by its id`)
  return first ?? null
}

/** A share of any kind, by id or code, also as in `folder=code`. Bad input when there is none. */
export async function findShare(session: Session, name: string): Promise<Share> {
  const code = /^(?:volume|folder|home|collection|share)=([^/]+)\/?$/.exec(name)?.[1] ?? name
  const share = await session.shares.find(code)
  if (share !== null) return share
  throw badInput(
    `no share has the code or id "${name}"; "waybill volume list", "folder list", "home list" and ` +
      '"collection list" show them',
  )
}
