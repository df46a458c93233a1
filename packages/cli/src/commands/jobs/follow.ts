import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { findJob } from './job-reference.js'
import { watch } from './watch.js'

export const command = withAccess(new Command('follow'))
  .description(
    'Follows a job to its end. Exit code 0 done, 1 failed or aborted; Ctrl-C leaves the job running.',
  )
  .argument('<job>', 'id or name of the job')
  .action(async (reference: string, flags: AccessFlags) => {
    await withSession(flags, async (session) => watch(session, (await findJob(session, reference)).id))
  })
