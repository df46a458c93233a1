import { isEntityId } from '@waybill/api'
import { quote, type Session, type User } from '@waybill/sdk'
import { badInput } from '../../exit.js'

/** A user by email or id. Bad input when there is none. */
export async function findUser(session: Session, name: string): Promise<User> {
  const found: User | null = isEntityId(name)
    ? await session.getEntity('User', name)
    : await session.findOne(`User WHERE code=${quote(name)}`)
  if (found === null) throw badInput(`no user is called "${name}"; "waybill user list" shows them`)
  return found
}
