import type { Command } from 'commander'

/** Adds the option that names the database. */
export function withDatabase(command: Command): Command {
  return command.option(
    '--database-url <url>',
    'a PostgreSQL database instead of SQLite in the data directory; also WAYBILL_DATABASE_URL',
  )
}

export function databaseUrl(flags: { readonly databaseUrl?: string }): string | undefined {
  return flags.databaseUrl ?? process.env.WAYBILL_DATABASE_URL
}
