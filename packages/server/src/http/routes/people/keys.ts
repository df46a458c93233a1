import { formatDate, parseDate, readSwitch, WaybillError } from '@waybill/api'
import { addressesOf, type KeyInfo } from '../../../access/keys.js'
import { endKey, findKeys, makeKey } from '../../../access/own-keys.js'
import type { Answer, Call, Route } from '../route.js'

/** API keys: the caller's own, and those that admins make for users of their workspace. */
export const keyRoutes: readonly Route[] = [
  ...(['POST', 'PUT'] as const).map(
    (method): Route => ({
      method,
      uri: 'key/create',
      about:
        'Makes an API key: of the caller, or (admins) of `user`, an id or email, for this workspace alone. ' +
        '`expires` and `addresses` (also networks) restrict it',
      answer: '`{id, key, ...}`; the key is shown this once',
      example: { data: { name: 'render farm', expires: '2099-12-31', addresses: ['10.1.0.0/16'] } },
      run: create,
    }),
  ),
  {
    method: 'GET',
    uri: 'key/find',
    about: "Lists the caller's API keys, or (admins) those that were made here for `user`",
    answer: 'list of `{id, name, addresses, created, expires, revoked, last_used, workspace_only}`',
    example: { data: {} },
    run: find,
  },
  {
    method: 'DELETE',
    uri: 'key/delete',
    about: 'Ends an API key at once',
    answer: '`true`',
    example: { data: {} },
    run: end,
  },
  {
    method: 'GET',
    uri: 'user/api_key',
    about: 'Makes an API key for the program that asks, where the setting `user_api_key` is `true`',
    answer: '`api_key` at the top',
    example: {},
    run: handOut,
  },
]

async function create({ ctx, fields }: Call): Promise<Answer> {
  const name = fields.text('name')
  const expires = moment(fields.text('expires'))
  const addresses = fields.names('addresses')?.filter((address) => address !== '')
  const wish = {
    ...(name === undefined ? {} : { name }),
    ...(expires === undefined ? {} : { expires }),
    ...(addresses === undefined ? {} : { addresses }),
  }
  const { id, key, account } = await makeKey(ctx, wish, subject(fields.text('user')))
  return { result: { id, name: name ?? '', user_hr: account.email, key }, secret: true }
}

async function find({ ctx, fields }: Call): Promise<Answer> {
  const keys = await findKeys(ctx, subject(fields.text('user')))
  return { result: keys.map(shown) }
}

async function end({ ctx, id, fields }: Call): Promise<Answer> {
  const which = id ?? fields.text('id')
  if (which === undefined) throw new WaybillError('bad_request', 'Which API key? Its id is missing')
  await endKey(ctx, which)
  return { result: true }
}

/** A new one each time: of those that were made before only hashes are there. */
async function handOut({ ctx }: Call): Promise<Answer> {
  const setting = await ctx.store.db
    .selectFrom('setting')
    .select('value')
    .where('entity', '=', ctx.workspace.id)
    .where('name', '=', 'user_api_key')
    .executeTakeFirst()
  if (readSwitch(setting?.value ?? '') !== true) {
    throw new WaybillError(
      'forbidden',
      'API keys are not given out here; make one with "waybill key create", or let an admin set user_api_key',
    )
  }
  const { key } = await makeKey(ctx, { name: ctx.device.slice(0, 100) })
  return { body: { api_key: key } }
}

function shown(key: KeyInfo): object {
  return {
    id: key.id,
    name: key.name,
    addresses: addressesOf(key),
    created: formatDate(key.created),
    expires: dateOrNull(key.expires),
    revoked: dateOrNull(key.revoked),
    last_used: dateOrNull(key.last_used),
    workspace_only: key.bound_to !== null,
  }
}

function dateOrNull(ms: number | null): string | null {
  return ms === null ? null : formatDate(ms)
}

function subject(user: string | undefined): string | undefined {
  return user?.replace(/^user:/, '').trim()
}

function moment(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const range = parseDate(text)
  if (range === undefined) throw new WaybillError('bad_request', 'expires has to be a date: 2026-12-31')
  return range.from
}
