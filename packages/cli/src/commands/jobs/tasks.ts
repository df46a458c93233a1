import { quote } from '@waybill/sdk'
import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { taskColumns } from '../../output/columns.js'
import { type ListFlags, printList, withJson } from '../../output/list.js'
import { whole } from '../numbers.js'
import { findJob } from './job-reference.js'

interface Flags extends AccessFlags, ListFlags {
  readonly status?: string
  readonly limit: number
}

export const command = withJson(withAccess(new Command('tasks')))
  .description('Lists the tasks of a job: each file, directory or sequence that was asked for.')
  .argument('<job>', 'id or name of the job')
  .option('--status <status>', 'only tasks with this status')
  .option('--limit <n>', 'at most so many', whole(1, 1_000_000), 1000)
  .addHelpText('after', '\nExample:\n  waybill tasks 6971e16fceadd67b955b1995 --status failed')
  .action(async (reference: string, flags: Flags) => {
    await withSession(flags, async (session) => {
      const { id } = await findJob(session, reference)
      const options = { entityId: id, limit: flags.limit }
      const tasks =
        flags.status === undefined
          ? await session.find('Task', options)
          : await session.find(`Task WHERE status=${quote(flags.status)}`, options)
      printList(tasks, taskColumns, flags)
      if (tasks.length === flags.limit)
        process.stderr.write(`These are the first ${flags.limit}; --limit shows more.\n`)
    })
  })
