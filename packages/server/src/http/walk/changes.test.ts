import { entityTypes, newId } from '@waybill/api'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ExampleCall, exampleCalls } from './examples.js'
import { createTenants, type Tenants } from './tenants.js'

// Every call that changes something says so in the audit log.

let tenants: Tenants

beforeAll(async () => {
  tenants = await createTenants()
})
afterAll(async () => {
  await tenants.close()
})

/** Calls that are refused whatever is asked for, and why. */
const refused: readonly (readonly [RegExp, RegExp])[] = [
  [/^(delivery|request|stream|compute|publish)\//, /not available/],
  [/^workspace\/(publish|integration)\//, /not available|no such integration/],
  [/^(workspace|client|app|server|userserver|browser|file)\/create$/, /cannot be created/],
  [/^file\/(edit|delete)$/, /cannot be changed|not allowed/],
  [/^workspace\/delete$/, /not allowed/],
  [/^task\/delete$/, /excluded/],
  [
    /^(workspace|site|client|app|server|userserver|browser|file|acl|queue|transfer|task)\/(de)?activate$/,
    /cannot be set aside/,
  ],
]
/** Nobody has to choose a place for what goes to a place already. */
const changeNothing = /^(transfer|job)\/receive$/

/** First what makes, then what changes, at last what takes away, the last entity type first. */
function order({ method, uri, type }: ExampleCall): number {
  if (method === 'POST' && uri.endsWith('/create')) return 0
  if (uri.endsWith('/deactivate')) return 3
  if (uri.endsWith('/activate')) return 4
  if (method !== 'DELETE') return 1
  return type === undefined ? 2 : 5 + entityTypes.length - entityTypes.indexOf(type)
}

/** Of routes that are the same under several names, the first. */
function firstOfEach(calls: readonly ExampleCall[]): readonly ExampleCall[] {
  const seen = new Set<string>()
  return calls.filter(({ method, type, route }) => {
    const name = `${method} ${type ?? ''} ${route.about}`
    return !seen.has(name) && seen.add(name)
  })
}

it('every change', async () => {
  const { ours } = tenants
  const { db } = ours.store
  const count = async (): Promise<number> => {
    const { lines } = await db
      .selectFrom('audit')
      .select(({ fn }) => fn.countAll().as('lines'))
      .executeTakeFirstOrThrow()
    return Number(lines)
  }
  const calls = exampleCalls(ours).filter(({ method }) => method !== 'GET')
  const problems: string[] = []
  for (const call of [...firstOfEach(calls)].sort((a, b) => order(a) - order(b))) {
    const { method, uri, query, data } = call
    const id = (await ownThings(uri)) ?? call.id
    const gone = uri.endsWith('/delete')
    tenants.hub.online = !gone
    if (gone) await db.updateTable('client').set({ online: 0 }).execute()
    const before = await count()
    const { status, body } = await tenants.send(ours, 'admin', { method, uri, id, query, data })
    const what = `${method} ${uri} ${JSON.stringify({ id, data })}: ${status} ${JSON.stringify(body)}`
    const why = refused.find(([pattern]) => pattern.test(uri))?.[1]
    if (why?.test(String(body.message)) === true) continue
    if (status !== 200) problems.push(`refused: ${what}`)
    else if ((await count()) === before && !changeNothing.test(uri)) problems.push(`not noted: ${what}`)
  }
  expect(problems.join('\n')).toBe('')
})

/** Ids of what belongs to an account and is no entity. */
async function ownThings(uri: string): Promise<string | undefined> {
  const { store } = tenants
  const { account } = await tenants.ours.store.db
    .selectFrom('user')
    .select('account')
    .where('role', '=', 'admin')
    .executeTakeFirstOrThrow()
  if (uri === 'key/delete') {
    const keys = await store.installation
      .selectFrom('api_key')
      .select('id')
      .where('name', '=', 'render farm')
      .execute()
    return keys[0]?.id
  }
  if (uri !== 'session/delete') return undefined
  const id = newId()
  const moments = { created: 0, expires: 1e15, last_used: 0 }
  await store.installation
    .insertInto('web_session')
    .values({ id, account, hash: id, device: '', address: '', ...moments })
    .execute()
  return id
}
