import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createKey, listKeys, openStore, revokeKey, type Store } from '@waybill/server'
import { Command } from 'commander'
import { badInput } from '../../exit.js'
import { type ListFlags, printList, withJson } from '../../output/list.js'
import { databaseUrl, withDatabase } from '../run/database.js'

interface Flags {
  readonly data: string
  readonly databaseUrl?: string
}

function withStoreOptions(command: Command): Command {
  return withDatabase(command).requiredOption('--data <dir>', 'data directory of the installation')
}

async function withStore<T>(flags: Flags, work: (store: Store) => Promise<T>): Promise<T> {
  const url = databaseUrl(flags)
  if (url === undefined && !existsSync(join(flags.data, 'waybill.db')))
    throw badInput(`${flags.data} holds no installation. Start it once with: waybill up --data ${flags.data}`)
  const store = await openStore(url === undefined ? { data: flags.data } : { databaseUrl: url })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

const create = withStoreOptions(new Command('create'))
  .summary('makes a key and prints it')
  .description(
    'Makes an API key for an account, and the account when it is new; it need not be a user of any workspace ' +
      'yet. Prints the key, which cannot be shown again, and nothing else. Works while the server runs.',
  )
  .argument('<email>')
  .option('--name <name>', 'what it is for, shown in lists')
  .addHelpText('after', '\nExample:\n  waybill key create lisa@example.com --data ./waybill')
  .action(async (email: string, flags: Flags & { readonly name?: string }) => {
    const { key } = await withStore(flags, (store) =>
      createKey(store, email, flags.name === undefined ? {} : { name: flags.name }),
    )
    process.stdout.write(`${key}\n`)
  })

const list = withJson(withStoreOptions(new Command('list')))
  .summary("lists an account's keys")
  .argument('<email>')
  .action(async (email: string, flags: Flags & ListFlags) => {
    const keys = await withStore(flags, (store) => listKeys(store, email))
    const moment = (ms: number | null): Date | null => (ms === null ? null : new Date(ms))
    const shown = keys.map(({ id, name, created, expires, revoked, last_used }) => ({
      id,
      name,
      created: moment(created),
      expires: moment(expires),
      revoked: moment(revoked),
      last_used: moment(last_used),
    }))
    const columns = (['id', 'name', 'created', 'last_used', 'expires', 'revoked'] as const).map((name) => ({
      head: name.toUpperCase().replace('_', ' '),
      value: (key: (typeof shown)[number]) => key[name],
    }))
    printList(shown, columns, flags)
  })

const revoke = withStoreOptions(new Command('revoke'))
  .summary('ends a key, or all of an account, at once')
  .argument('<key>', 'id, as "waybill key list" shows it, or an email for all keys of the account')
  .action(async (which: string, flags: Flags) => {
    const ended = await withStore(flags, async (store) => {
      const ids = which.includes('@') ? await keysInForce(store, which) : [which]
      for (const id of ids) await revokeKey(store, id)
      return ids
    })
    process.stdout.write(ended.map((id) => `${id} is revoked.\n`).join(''))
  })

async function keysInForce(store: Store, email: string): Promise<readonly string[]> {
  const keys = (await listKeys(store, email)).filter(({ revoked }) => revoked === null)
  if (keys.length === 0) throw badInput(`${email} has no key that is in force`)
  return keys.map(({ id }) => id)
}

export const command = new Command('key')
  .description('API keys. These commands work on the database itself and need its directory, not a login.')
  .addCommand(create)
  .addCommand(list)
  .addCommand(revoke)
