import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import type { ListFlags } from '../../output/list.js'
import { findJob } from '../jobs/job-reference.js'
import { followPreview } from './follow-preview.js'

export const command = withAccess(new Command('preview'))
  .description(
    'Prints what a dry run found: what a transfer would send, replace, delete or leave out. Waits until it is ' +
      'done. Exit code 0 when it could look at everything.',
  )
  .argument('<job>', 'id or name of the job')
  .option('--json', 'print JSON instead of lines')
  .addHelpText('after', '\nExample:\n  waybill preview 6971e16fceadd67b955b1995')
  .action(async (reference: string, flags: AccessFlags & ListFlags) => {
    await withSession(flags, async (session) => {
      await followPreview(session, await findJob(session, reference), flags)
    })
  })
