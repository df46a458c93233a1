import { quote, type Session, type Transfer } from '@waybill/sdk'
import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { badInput } from '../../exit.js'
import { transferColumns } from '../../output/columns.js'
import { type ListFlags, printList, withJson } from '../../output/list.js'
import { printable } from '../../output/printable.js'
import { renderTable } from '../../output/table.js'
import { agentOption, ownDirectory } from './own-machine.js'
import { watch } from './watch.js'

interface Flags extends AccessFlags, ListFlags {
  readonly agent?: string
  readonly task?: readonly string[]
  readonly follow?: true
}

export const command = withJson(withAccess(new Command('receive')))
  .description(
    'Chooses where files that were sent to you go. Without arguments it lists the jobs that wait for you to choose.',
  )
  .argument('[job]', 'id or name; may be left out when one job alone waits')
  .argument('[directory]', 'each file or directory goes there under its own name')
  .addOption(agentOption())
  .option('--task <uri>', 'only this task; may be repeated', (uri: string, others?: string[]) => [
    ...(others ?? []),
    uri,
  ])
  .option('--follow', 'follow the job to its end')
  .addHelpText(
    'after',
    `
Examples:
  waybill receive                          what waits
  waybill receive ~/Downloads              the one job that waits goes there
  waybill receive 6971e16fceadd67b955b1995 ./rushes --follow`,
  )
  .action(async (first: string | undefined, second: string | undefined, flags: Flags) => {
    await withSession(flags, async (session) => {
      const waiting = await session.pending()
      if (first === undefined) {
        printList(waiting, transferColumns, flags)
        return
      }
      const job = second === undefined ? theOne(waiting) : await named(session, waiting, first)
      const { path, client } = await ownDirectory(session, second ?? first, flags.agent)
      const received = await session.receive(job.id, path, {
        ...(client === undefined ? {} : { client }),
        ...(flags.task === undefined ? {} : { tasks: flags.task }),
      })
      process.stdout.write(`${received.id}  ${printable(received.name)} goes to ${printable(path)}\n`)
      if (flags.follow === true) await watch(session, job.id)
    })
  })

function theOne(waiting: readonly Transfer[]): Transfer {
  const [job, other] = waiting
  if (job === undefined) throw badInput('nothing waits for you to choose a directory')
  if (other === undefined) return job
  const table = renderTable(waiting, transferColumns)
  throw badInput(`several jobs wait; name one, as in: waybill receive ${job.id} DIRECTORY\n${table}`)
}

/** One that waits, or, for who chooses the same again, one that does no more. */
async function named(session: Session, waiting: readonly Transfer[], reference: string): Promise<Transfer> {
  const found = waiting.filter(({ id, name }) => id === reference || name === reference)
  const [job, other] = found
  if (other !== undefined) {
    throw badInput(
      `several jobs are called "${reference}"; use the id of one:\n${renderTable(found, transferColumns)}`,
    )
  }
  const known = job ?? (await session.findOne(`Transfer WHERE id=${quote(reference)}`))
  if (known === null) throw badInput(`no job that waits for you has the id or name "${reference}"`)
  return known
}
