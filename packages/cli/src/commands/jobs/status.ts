import { type JobStatus, WaybillError } from '@waybill/api'
import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { failed } from '../../exit.js'
import { printable } from '../../output/printable.js'
import { findJob } from './job-reference.js'

export const pause = statusCommand('pause', 'paused', 'Puts jobs on hold; what was sent stays.')
export const resume = statusCommand('resume', 'waiting', 'Lets paused jobs go on where they stopped.')
export const abort = statusCommand('abort', 'aborted', 'Ends jobs; "waybill retry" can start them again.')
export const retry = statusCommand(
  'retry',
  'waiting',
  'Starts failed, aborted or finished jobs again. What is there already is not sent again.',
)

/** Each of several jobs is tried, whatever becomes of the others. */
function statusCommand(name: string, status: JobStatus, description: string): Command {
  return withAccess(new Command(name))
    .description(description)
    .argument('<jobs...>', 'ids or names')
    .addHelpText('after', `\nExample:\n  waybill ${name} 6971e16fceadd67b955b1995`)
    .action(async (references: string[], flags: AccessFlags) => {
      const refused: string[] = []
      await withSession(flags, async (session) => {
        for (const reference of references) {
          try {
            const { id } = await findJob(session, reference)
            const job = await session.update('Transfer', id, { status })
            process.stdout.write(`${job.id}  ${job.status}  ${printable(job.name)}\n`)
          } catch (thrown) {
            if (references.length === 1 || !(thrown instanceof Error) || isAway(thrown)) throw thrown
            refused.push(`${reference}: ${thrown.message}`)
          }
        }
      })
      if (refused.length > 0) throw failed(refused.join('\n'))
    })
}

function isAway(error: Error): boolean {
  return error instanceof WaybillError && (error.code === 'unreachable' || error.code === 'unauthenticated')
}
