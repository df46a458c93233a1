import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openStore, type Store } from '@waybill/server'
import type { Command } from 'commander'
import { badInput } from '../../exit.js'
import { databaseUrl, withDatabase } from '../run/database.js'

export interface DataFlags {
  readonly data: string
  readonly databaseUrl?: string
}

/** Adds the options that name an installation on this machine, whose database a command works on. */
export function withDataDirectory(command: Command): Command {
  return withDatabase(command).requiredOption('--data <dir>', 'data directory of the installation')
}

/** Runs `work` on the database of an installation, whether or not its server runs. */
export async function withStore<T>(flags: DataFlags, work: (store: Store) => Promise<T>): Promise<T> {
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
