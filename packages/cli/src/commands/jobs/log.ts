import type { LogEntry } from '@waybill/sdk'
import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { type ListFlags, printList, withJson } from '../../output/list.js'
import { printable } from '../../output/printable.js'
import type { Column } from '../../output/table.js'
import { whole } from '../numbers.js'
import { findJob } from './job-reference.js'

interface Flags extends AccessFlags, ListFlags {
  readonly job?: string
  readonly limit: number
}

const columns: readonly Column<LogEntry>[] = [
  { head: 'WHEN', value: ({ created }) => created },
  { head: 'LEVEL', value: ({ level }) => level },
  { head: 'JOB', value: ({ job_hr }) => job_hr },
  { head: 'CODE', value: ({ code }) => code },
  { head: 'WHAT', value: ({ message }) => message },
]

export const command = withJson(withAccess(new Command('log')))
  .description(
    'Prints the log of a job: what happened to it, and why it waits or failed. Without a job, the latest ' +
      'entries of all jobs that you may see.',
  )
  .argument('[job]', 'id or name of the job')
  .option('--job <job>', 'the same')
  .option('--limit <n>', 'entries, where no job is named', whole(1, 1000), 50)
  .addHelpText('after', '\nExamples:\n  waybill log\n  waybill log README.txt')
  .action(async (named: string | undefined, flags: Flags) => {
    const reference = named ?? flags.job
    await withSession(flags, async (session) => {
      if (reference === undefined) {
        const latest = await session.journal.log({ limit: flags.limit })
        printList(latest.reverse(), columns, flags)
        return
      }
      const { id } = await findJob(session, reference)
      if (flags.json === true) printList(await session.journal.log({ job: id }), columns, flags)
      else process.stdout.write(`${printable(await session.log(id), { lines: true }).trimEnd()}\n`)
    })
  })
