import { findEntityType } from '@waybill/api'
import type { Entity, FindOptions } from '@waybill/sdk'
import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { columnsOf, taskColumns } from '../../output/columns.js'
import { type ListFlags, printList, withJson } from '../../output/list.js'
import type { Column } from '../../output/table.js'
import { whole } from '../numbers.js'

interface Flags extends AccessFlags, ListFlags {
  readonly finished?: true
  readonly archived?: true
  readonly inactive?: true
  readonly limit?: number
  readonly skip?: number
  readonly attributes?: string
  readonly job?: string
}

export const command = withJson(withAccess(new Command('find')))
  .description('Lists the entities that a query finds: TYPE, or TYPE WHERE EXPRESSION.')
  .argument('<query>', 'as one argument, in quotes')
  .option('--finished', 'among jobs that are done or aborted')
  .option('--archived', 'among archived jobs; slow')
  .option('--inactive', 'among users and shares that were set aside')
  .option('--limit <n>', 'at most so many', whole(0, 1_000_000))
  .option('--skip <n>', 'without the first', whole(0, 1_000_000_000))
  .option('--attributes <names>', 'these attributes alone, separated by commas')
  .option('--job <id>', 'the job, when tasks are to be found')
  .addHelpText(
    'after',
    `
Examples:
  waybill find "Transfer WHERE status=running"
  waybill find "Transfer WHERE user=lisa@example.com AND created > 2026-01-01" --finished
  waybill find "Client WHERE status=online" --json`,
  )
  .action(async (query: string, flags: Flags) => {
    const { finished, archived, inactive, limit, skip, job } = flags
    const attributes = flags.attributes?.split(',').map((name) => name.trim())
    const options: FindOptions = {
      ...(finished === undefined ? {} : { finished }),
      ...(archived === undefined ? {} : { archived }),
      ...(inactive === undefined ? {} : { inactive }),
      ...(limit === undefined ? {} : { limit }),
      ...(skip === undefined ? {} : { skip }),
      ...(attributes === undefined ? {} : { attributes }),
      ...(job === undefined ? {} : { entityId: job }),
    }
    const type = query.trim().split(/\s/)[0] ?? ''
    await withSession(flags, async (session) => {
      if (attributes !== undefined)
        printList<Entity>(await session.find(query, options), chosen(attributes), flags)
      else if (findEntityType(type) === 'task')
        printList(await session.find(`Task ${query.trim().slice(4)}`, options), taskColumns, flags)
      else
        printList<Entity>(await session.find(query, options), columnsOf(findEntityType(type) ?? type), flags)
    })
  })

function chosen(attributes: readonly string[]): Column<Entity>[] {
  return attributes.map((name) => ({ head: name.toUpperCase(), value: (entity) => entity[name] }))
}
