import { type EntityType, entities, operators, type Role, roles, WaybillError } from '@waybill/api'
import { type SqlBool, sql } from 'kysely'
import { loadRights } from '../access/rights.js'
import { visibleFiles, visibleShares } from '../access/share-scope.js'
import type { CallContext, Caller } from '../context.js'
import type { AnyBuilder, Condition } from '../query/binding.js'

/**
 * Who may see and do what with entities: the one place for it. What a role may not read is absent: a list
 * leaves it out, and a look-up by id finds nothing. Which attributes a role reads, gives and changes stands in
 * the definitions of packages/api; operations check what depends on more than role and row.
 */

const nothing: Condition = () => sql<SqlBool>`1 = 0`

type Scope = (caller: Caller) => Condition

/** The rows that each type shows to employees and standard users; absent is all that the role sees at all. */
const scopes: Readonly<Partial<Record<EntityType, Partial<Record<Exclude<Role, 'admin'>, Scope>>>>> = {
  user: { employee: ownAndStandardUsers, standard: (caller) => (eb) => eb('user.id', '=', caller.user) },
  client: clientScopes(),
  app: clientScopes(),
  server: clientScopes(),
  userserver: clientScopes(),
  browser: clientScopes(),
  acl: {
    employee: (caller) => (eb) => ofOwnOrStandardUser(eb, caller, 'acl.user'),
    standard: (caller) => (eb) => eb('acl.user', '=', caller.user),
  },
  transfer: { standard: toldOfTransfer },
  task: { standard: (caller) => tasksOf(toldOfTransfer(caller)) },
  delivery: { standard: () => nothing },
  request: { standard: () => nothing },
  stream: { standard: () => nothing },
}

/** What depends on paths, and is made from the caller's rights on files; see access/share-scope.ts. */
const scopesByRights = {
  volume: visibleShares,
  folder: visibleShares,
  home: visibleShares,
  collection: visibleShares,
  file: visibleFiles,
} as const satisfies Partial<Record<EntityType, typeof visibleShares>>

type ByRights = keyof typeof scopesByRights

const isByRights = (type: EntityType): type is ByRights => Object.hasOwn(scopesByRights, type)

/** The condition that is added to every query of a type: which rows the caller sees. */
export async function rowsVisibleTo(
  { caller, store }: Pick<CallContext, 'caller' | 'store'>,
  type: EntityType,
): Promise<Condition | undefined> {
  if (!isByRights(type)) return visibleRows(type, caller)
  if (!entities[type].visible.includes(caller.role)) return nothing
  if (caller.role === 'admin') return undefined
  return scopesByRights[type](await loadRights(store.db, caller), caller)
}

/** The same for types that need no look at ACLs. */
export function visibleRows(type: Exclude<EntityType, ByRights>, caller: Caller): Condition | undefined {
  if (!entities[type].visible.includes(caller.role)) return nothing
  if (caller.role === 'admin') return undefined
  return scopes[type]?.[caller.role]?.(caller)
}

function ownAndStandardUsers(caller: Caller): Condition {
  return (eb) => eb.or([eb('user.id', '=', caller.user), eb('user.role', '=', 'standard')])
}

/** Servers are seen by operators; a user's own machines by its user, standard users' by employees, too. */
function clientScopes() {
  return {
    employee:
      (caller: Caller): Condition =>
      (eb) =>
        eb.or([eb('client.type', '=', 1), ofOwnOrStandardUser(eb, caller, 'client.user')]),
    standard:
      (caller: Caller): Condition =>
      (eb) =>
        eb('client.user', '=', caller.user),
  }
}

function partOfTransfer({ user }: Caller): Condition {
  return (eb) =>
    eb.or([
      eb('job.user', '=', user),
      eb.and([eb('job.source_type', '=', 'user'), eb('job.source_id', '=', user)]),
      eb.and([eb('job.destination_type', '=', 'user'), eb('job.destination_id', '=', user)]),
    ])
}

/** Besides those who have a part in it, its recipients. */
function toldOfTransfer(caller: Caller): Condition {
  return (eb) =>
    eb.or([
      partOfTransfer(caller)(eb),
      eb('job.id', 'in', eb.selectFrom('recipient').select('job').where('user', '=', caller.user)),
    ])
}

/** Of what the caller sees, the rows that the caller may change; all of them when it is undefined. */
export function changeableRows(type: EntityType, caller: Caller): Condition | undefined {
  if (caller.role !== 'standard') return undefined
  const part = partOfTransfer(caller)
  if (type === 'transfer') return part
  return type === 'task' ? tasksOf(part) : undefined
}

function tasksOf(jobs: Condition): Condition {
  return (eb) => eb('task.job', 'in', eb.selectFrom('job').select('job.id').where(jobs(eb)))
}

function ofOwnOrStandardUser(eb: AnyBuilder, caller: Caller, column: 'client.user' | 'acl.user') {
  const standard = eb
    .selectFrom('user as standard_user')
    .select('standard_user.id')
    .where('standard_user.role', '=', 'standard')
  return eb.or([eb(column, '=', caller.user), eb(column, 'in', standard)])
}

/** Who may delete entities of a type, among those that see them; nobody where it is absent. */
const deleters: Readonly<Partial<Record<EntityType, readonly Role[]>>> = {
  user: operators,
  site: ['admin'],
  client: roles,
  app: roles,
  server: ['admin'],
  userserver: roles,
  browser: roles,
  volume: ['admin'],
  folder: operators,
  home: operators,
  collection: operators,
  acl: roles,
  queue: ['admin'],
  transfer: roles,
}

/** Refuses roles that may not delete entities of a type. */
export function demandDelete(type: EntityType, { role }: Caller): void {
  if (type === 'task') {
    throw new WaybillError('forbidden', 'Tasks cannot be deleted; set the status to excluded to skip one')
  }
  if (deleters[type]?.includes(role) !== true) {
    throw new WaybillError('forbidden', `Deleting a ${type} is not allowed for the role ${role}`)
  }
}

/** Refuses everybody but admins. */
export function demandAdmin(caller: Caller, doing: string): void {
  if (caller.role !== 'admin') throw new WaybillError('forbidden', `${doing} is allowed for admins only`)
}

/** Refuses standard users. */
export function demandOperator(caller: Caller, doing: string): void {
  if (!operators.includes(caller.role)) {
    throw new WaybillError('forbidden', `${doing} is allowed for admins and employees only`)
  }
}
