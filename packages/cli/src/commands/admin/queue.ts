import { quote } from '@waybill/sdk'
import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { badInput } from '../../exit.js'
import { printable } from '../../output/printable.js'
import { listCommand } from './list-command.js'

export const command = new Command('queue')
  .description('Queues of jobs. Higher priorities go first; a paused queue starts nothing.')
  .addCommand(listCommand('queue', 'Lists the queues'))
  .addCommand(statusCommand('pause', 'paused', 'lets no job of a queue start'))
  .addCommand(statusCommand('resume', 'waiting', 'lets its jobs start again'))

function statusCommand(name: string, status: string, summary: string): Command {
  return withAccess(new Command(name))
    .summary(summary)
    .argument('<code>', 'code of the queue')
    .action(async (code: string, flags: AccessFlags) => {
      await withSession(flags, async (session) => {
        const queue = await session.findOne(`Queue WHERE code=${quote(code)}`)
        if (queue === null) throw badInput(`no queue is called "${code}"; "waybill queue list" shows them`)
        const changed = await session.update('Queue', queue.id, { status })
        process.stdout.write(`${printable(changed.code)}  ${changed.status}\n`)
      })
    })
}
