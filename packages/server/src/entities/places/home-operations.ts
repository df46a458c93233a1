import { WaybillError } from '@waybill/api'
import { noteChange } from '../../audit/note-change.js'
import type { CallContext } from '../../context.js'
import type { Tx } from '../../store/store.js'
import { demandOperator } from '../authority.js'
import { textOf } from '../engine/columns.js'
import type { Input } from '../operations.js'
import { moved } from './folder-operations.js'
import { makeDirectory } from './make-directory.js'
import { insertShare } from './new-share.js'
import { placeShare } from './placing.js'
import { commonOperations, type ShareDeps, type SharedRow, type ShareOperations } from './share-operations.js'

export function homeOperations(deps: ShareDeps): ShareOperations {
  return {
    async create(ctx, input) {
      demandOperator(ctx.caller, 'Making homes')
      const id = await ctx.store.transaction(async (tx) => await createHomeIn(tx, ctx, input))
      await makeDirectory(ctx, deps.hub, id)
      return { ids: [id] }
    },
    ...commonOperations('home', deps, async (tx, ctx, share, changes) => ({
      ...(await moved(tx, ctx, share, changes)),
      ...(await givenTo(tx, ctx, share, changes)),
    })),
  }
}

/** Another user, who has no home yet. */
async function givenTo(tx: Tx, ctx: CallContext, share: SharedRow, { user }: Input): Promise<object> {
  if (typeof user !== 'string' || user === '') return {}
  const owner = await demandOwner(tx, ctx, user)
  if (owner.id !== share.user) await refuseSecond(tx, owner)
  return { user: owner.id }
}

/**
 * Makes a user's home and answers with its id: attributes as `home/create` takes them, `user` an id or an email;
 * without a path it is `homes/<code or email>` on the default volume. Refused for who has one already, for
 * homes of operators when an employee asks, and where the caller may not write. Its directory is made by
 * `makeDirectory`, once the transaction is through.
 */
export async function createHomeIn(tx: Tx, ctx: CallContext, input: Input): Promise<string> {
  demandOperator(ctx.caller, 'Making homes')
  const owner = await ownerOf(tx, ctx, input)
  if (owner !== undefined) await refuseSecond(tx, owner)
  const code = textOf(input, 'code').trim()
  const name = code || owner?.code || textOf(input, 'name').trim()
  const { volume, path } = await placeShare(tx, ctx, 'home', input, name === '' ? '' : `./homes/${name}`)
  // An email cannot be a code; one is made from it.
  const isEmail = code.toLowerCase() === owner?.code
  const id = await insertShare(tx, ctx, isEmail ? { ...input, code: '' } : input, {
    kind: 'home',
    parent: volume.id,
    path,
    user: owner?.id ?? null,
    nameless: owner?.code ?? path.slice(path.lastIndexOf('/') + 1),
  })
  await noteChange(tx, ctx, { entitytype: 'home', id, change: 'created', details: input })
  return id
}

interface Owner {
  readonly id: string
  readonly code: string
}

/** The user that is named; without one, whoever has the home's code or name as email. */
async function ownerOf(tx: Tx, ctx: CallContext, input: Input): Promise<Owner | undefined> {
  const named = textOf(input, 'user').trim()
  if (named !== '') return await demandOwner(tx, ctx, named)
  for (const name of [textOf(input, 'code'), textOf(input, 'name')]) {
    const owner = name.includes('@') ? await findOwner(tx, ctx, name.trim()) : undefined
    if (owner !== undefined) return owner
  }
  return undefined
}

/** A user by id or email whose home the caller may deal with: employees those of standard users, and their own. */
async function demandOwner(tx: Tx, ctx: CallContext, name: string): Promise<Owner> {
  const owner = await findOwner(tx, ctx, name.replace(/^user[:=]/i, ''))
  if (owner !== undefined) return owner
  throw new WaybillError('not_found', `There is no user ${JSON.stringify(name)}`)
}

async function findOwner(tx: Tx, { caller }: CallContext, name: string): Promise<Owner | undefined> {
  const key = name.toLowerCase()
  const user = await tx
    .selectFrom('user')
    .select(['id', 'code', 'role'])
    .where('inactive', '=', 0)
    .where((eb) => eb.or([eb('id', '=', key), eb('code', '=', key)]))
    .executeTakeFirst()
  if (user === undefined) return undefined
  return caller.role === 'admin' || user.id === caller.user || user.role === 'standard' ? user : undefined
}

async function refuseSecond(tx: Tx, owner: Owner): Promise<void> {
  const home = await tx
    .selectFrom('share')
    .select(['code', 'inactive'])
    .where('kind', '=', 'home')
    .where('user', '=', owner.id)
    .executeTakeFirst()
  if (home === undefined) return
  const aside = home.inactive === 1 ? ', which was set aside; activate that one' : ''
  throw new WaybillError('duplicate', `${owner.code} has a home already, ${home.code}${aside}`)
}
