import type { ApiKey } from '@waybill/sdk'
import { issueKey, listKeys, type Store, withdrawKey } from '@waybill/server'
import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { badInput } from '../../exit.js'
import { type ListFlags, printList, withJson } from '../../output/list.js'
import { withDatabase } from '../run/database.js'
import { withStore } from './data-directory.js'

type Flags = AccessFlags & { readonly databaseUrl?: string }

interface CreateFlags extends Flags {
  readonly name?: string
  readonly expires?: string
  readonly address?: readonly string[]
  readonly for?: string
}

/** Over the wire for whoever is logged in; with --data on the database itself, where any account is at hand. */
function withEither(command: Command): Command {
  return withDatabase(withAccess(command, 'work on the database of an installation on this machine instead'))
}

const create = withEither(new Command('create'))
  .summary('makes a key and prints it')
  .description(
    'Makes an API key and prints it and nothing else; it cannot be shown again. Without an email the key is ' +
      'your own. With an email it needs --data, and makes the account when it is new: it need not be a user of ' +
      'any workspace yet. Admins make keys for their users with --for; those work in this workspace alone.',
  )
  .argument('[email]', 'whose key, with --data')
  .option('--name <name>', 'what it is for, shown in lists')
  .option('--expires <date>', 'ends then, like 2026-12-31 (UTC)')
  .option('--address <address...>', 'works from these addresses or networks alone, like 10.1.0.0/16')
  .option('--for <user>', 'email or id of a user of this workspace')
  .addHelpText(
    'after',
    '\nExamples:\n  waybill key create --name laptop\n' +
      '  waybill key create --name "render farm" --address 10.1.0.0/16 --expires 2027-01-01\n' +
      '  waybill key create lisa@example.com --data ./waybill',
  )
  .action(async (email: string | undefined, flags: CreateFlags) => {
    const { name, expires, address: addresses, data } = flags
    const wish = {
      ...(name === undefined ? {} : { name }),
      ...(addresses === undefined ? {} : { addresses }),
    }
    if (email !== undefined) {
      const end = expires === undefined ? {} : { expires: moment(expires) }
      const made = await withStore({ ...flags, data: demandData(data) }, (store) =>
        issueKey(store, email, { ...wish, ...end }),
      )
      process.stdout.write(`${made.key}\n`)
      return
    }
    if (data !== undefined) throw badInput('whose key? Give an email with --data')
    const made = await withSession(flags, (session) =>
      session.account.createKey({
        ...wish,
        ...(expires === undefined ? {} : { expires: new Date(moment(expires)) }),
        ...(flags.for === undefined ? {} : { user: flags.for }),
      }),
    )
    process.stdout.write(`${made.key}\n`)
  })

const list = withJson(withEither(new Command('list')))
  .summary('lists keys')
  .description("Lists your keys; with --for those that admins made for a user; with --data any account's.")
  .argument('[email]', 'whose keys, with --data')
  .option('--for <user>', 'email or id of a user of this workspace')
  .action(async (email: string | undefined, flags: CreateFlags & ListFlags) => {
    const keys =
      email === undefined
        ? await withSession(withoutData(flags), (session) => session.account.keys(flags.for))
        : await withStore(
            { ...flags, data: demandData(flags.data) },
            async (store) => await storedKeys(store, email),
          )
    const columns = (['id', 'name', 'addresses', 'created', 'last_used', 'expires', 'revoked'] as const).map(
      (name) => ({ head: name.toUpperCase().replace('_', ' '), value: (key: ApiKey) => shown(key[name]) }),
    )
    printList(keys, columns, flags)
  })

const revoke = withEither(new Command('revoke'))
  .summary('ends a key, or all of an account, at once')
  .argument(
    '<key>',
    'id, as "waybill key list" shows it; with --data also an email, for all keys of the account',
  )
  .action(async (which: string, flags: Flags) => {
    if (flags.data === undefined && !which.includes('@')) {
      await withSession(flags, (session) => session.account.revokeKey(which))
      process.stdout.write(`${which} is revoked.\n`)
      return
    }
    const ended = await withStore({ ...flags, data: demandData(flags.data) }, async (store) => {
      const ids = which.includes('@') ? await keysInForce(store, which) : [which]
      for (const id of ids) await withdrawKey(store, id)
      return ids
    })
    process.stdout.write(ended.map((id) => `${id} is revoked.\n`).join(''))
  })

function demandData(data: string | undefined): string {
  if (data !== undefined) return data
  throw badInput("keys of any account need the installation's data directory: add --data DIR")
}

function withoutData<T extends Flags>(flags: T): T {
  if (flags.data === undefined) return flags
  throw badInput('whose keys? Give an email with --data')
}

function moment(text: string): number {
  const at = Date.parse(
    /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?)?$/.test(text) ? `${text}${text.includes('T') ? 'Z' : ''}` : '',
  )
  if (Number.isNaN(at)) throw badInput(`--expires takes a date like 2026-12-31, not "${text}"`)
  return at
}

function shown(value: ApiKey[keyof ApiKey]): unknown {
  return Array.isArray(value) ? value.join(' ') : value
}

async function storedKeys(store: Store, email: string): Promise<readonly ApiKey[]> {
  const date = (ms: number | null): Date | null => (ms === null ? null : new Date(ms))
  return (await listKeys(store, email)).map((key) => ({
    id: key.id,
    name: key.name,
    addresses: addressesOf(key.addresses),
    created: new Date(key.created),
    expires: date(key.expires),
    revoked: date(key.revoked),
    last_used: date(key.last_used),
    workspace_only: key.bound_to !== null,
  }))
}

function addressesOf(json: string): readonly string[] {
  const list: unknown = JSON.parse(json)
  return Array.isArray(list) ? list.map(String) : []
}

async function keysInForce(store: Store, email: string): Promise<readonly string[]> {
  const keys = (await listKeys(store, email)).filter(({ revoked }) => revoked === null)
  if (keys.length === 0) throw badInput(`${email} has no key that is in force`)
  return keys.map(({ id }) => id)
}

export const command = new Command('key')
  .description('API keys: your own, those of your users, and with --data those of an installation.')
  .addCommand(create)
  .addCommand(list)
  .addCommand(revoke)
