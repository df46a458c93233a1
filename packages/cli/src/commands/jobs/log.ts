import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { printable } from '../../output/printable.js'
import { findJob } from './job-reference.js'

export const command = withAccess(new Command('log'))
  .description('Prints the log of a job: what happened to it, and why it waits or failed.')
  .argument('<job>', 'id or name of the job')
  .action(async (reference: string, flags: AccessFlags) => {
    const text = await withSession(flags, async (session) =>
      session.log((await findJob(session, reference)).id),
    )
    process.stdout.write(`${printable(text, { lines: true }).trimEnd()}\n`)
  })
