import type { AuditFilter, AuditLine } from '@waybill/sdk'
import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { type ListFlags, printList, withJson } from '../../output/list.js'
import type { Column } from '../../output/table.js'
import { whole } from '../numbers.js'

interface Flags extends AccessFlags, ListFlags {
  readonly who?: string
  readonly entity?: string
  readonly type?: string
  readonly change?: string
  readonly since?: string
  readonly until?: string
  readonly text?: string
  readonly limit: number
  readonly csv?: true
}

const columns: readonly Column<AuditLine>[] = [
  { head: 'WHEN', value: ({ created }) => created },
  { head: 'WHO', value: ({ email }) => email },
  { head: 'WHAT', value: ({ entitytype }) => entitytype },
  { head: 'CHANGE', value: ({ change }) => change },
  { head: 'ENTITY', value: ({ entity }) => entity },
  { head: 'FROM', value: ({ address }) => address },
  {
    head: 'DETAILS',
    value: ({ details }) => (Object.keys(details).length === 0 ? '' : JSON.stringify(details)),
  },
]

export const command = withJson(withAccess(new Command('audit')))
  .description('Tells who changed what, from which program and address; the latest first. For admins.')
  .option('--who <email>', 'changes of one user')
  .option('--entity <id>', 'changes of one entity')
  .option('--type <type>', 'changes of entities of one type: user, volume, transfer, ...')
  .option('--change <word>', 'one kind of change: created, changed, deleted, ...')
  .option('--since <date>', 'from this day or moment on (UTC)')
  .option('--until <date>', 'up to this day or moment, which is part of it')
  .option('--text <text>', 'anywhere in details, program and address')
  .option('--limit <n>', 'at most so many; 0 is all of them', whole(0, 1_000_000), 100)
  .option('--csv', 'print comma-separated values, for spreadsheets')
  .addHelpText(
    'after',
    `
Examples:
  waybill audit --who lisa@example.com --since 2026-01-01
  waybill audit --type user --change deleted
  waybill audit --csv --limit 0 > audit.csv`,
  )
  .action(async (flags: Flags) => {
    const { who, entity, type, change, since, until, text, limit, csv } = flags
    const filter: AuditFilter = {
      limit,
      ...(who === undefined ? {} : { who }),
      ...(entity === undefined ? {} : { entity }),
      ...(type === undefined ? {} : { entitytype: type }),
      ...(change === undefined ? {} : { change }),
      ...(since === undefined ? {} : { from: since }),
      ...(until === undefined ? {} : { to: until }),
      ...(text === undefined ? {} : { text }),
    }
    await withSession(flags, async ({ journal }) => {
      if (csv === true) process.stdout.write(await journal.auditCsv(filter))
      else printList(await journal.audit(filter), columns, flags)
    })
  })
