import { isEntityId } from '@waybill/api'
import { type Entity, quote, type Session } from '@waybill/sdk'
import { Command, Option } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { badInput } from '../../exit.js'
import { printable } from '../../output/printable.js'
import { findJob } from '../jobs/job-reference.js'
import { whole } from '../numbers.js'
import { listCommand } from './list-command.js'

interface Attributes extends AccessFlags {
  readonly name?: string
  readonly priority?: number
  readonly parent?: string
  readonly description?: string
  readonly default?: true
}

export const command = new Command('queue')
  .description('Queues of jobs. Higher priorities go first; a paused queue starts nothing.')
  .addCommand(listCommand('queue', 'Lists the queues'))
  .addCommand(
    withAttributes(new Command('add'))
      .summary('adds a queue')
      .argument('<code>', 'its code')
      .addHelpText('after', '\nExample:\n  waybill queue add night --priority 100')
      .action(async (code: string, flags: Attributes) => {
        const data = { code, name: flags.name ?? code, ...attributesOf(flags) }
        const made = await withSession(flags, (session) => session.create('Queue', data))
        process.stdout.write(`${made.id}\n`)
      }),
  )
  .addCommand(
    withAttributes(new Command('edit'))
      .summary('changes a queue')
      .argument('<code>', 'code or id of the queue')
      .option('--code <code>', 'a new code')
      .addHelpText('after', '\nExample:\n  waybill queue edit night --priority 200 --default')
      .action(async (reference: string, flags: Attributes & { readonly code?: string }) => {
        const { code } = flags
        const data = { ...attributesOf(flags), ...(code === undefined ? {} : { code }) }
        if (Object.keys(data).length === 0)
          throw badInput('say what to change; see "waybill queue edit --help"')
        await withSession(flags, async (session) => {
          const { id } = await findQueue(session, reference)
          print(await session.update('Queue', id, data))
        })
      }),
  )
  .addCommand(
    withAccess(new Command('remove'))
      .summary('deletes a queue; its jobs go to the default one')
      .argument('<code>', 'code or id of the queue')
      .action(async (reference: string, flags: AccessFlags) => {
        await withSession(flags, async (session) => {
          await session.deleteOne('Queue', (await findQueue(session, reference)).id)
        })
      }),
  )
  .addCommand(moveCommand())
  .addCommand(statusCommand('pause', 'paused', 'lets no job of a queue start'))
  .addCommand(statusCommand('resume', 'waiting', 'lets its jobs start again'))

interface MoveFlags extends AccessFlags {
  readonly queue?: string
  readonly first?: true
  readonly last?: true
  readonly before?: string
}

function moveCommand(): Command {
  const others = (mine: string): string[] => ['first', 'last', 'before'].filter((name) => name !== mine)
  return withAccess(new Command('move'))
    .summary('moves a job within its queue, or to another one')
    .argument('<job>', 'id or name of the job')
    .option('--queue <code>', 'into this queue, as its last unless another place is named')
    .addOption(new Option('--first', 'before all others').conflicts(others('first')))
    .addOption(new Option('--last', 'behind all others').conflicts(others('last')))
    .addOption(new Option('--before <job>', 'before this job').conflicts(others('before')))
    .addHelpText(
      'after',
      '\nExamples:\n  waybill queue move README.txt --first\n  waybill queue move README.txt --queue high',
    )
    .action(async (reference: string, flags: MoveFlags) => {
      const { queue, first, last, before } = flags
      if (queue === undefined && first === undefined && last === undefined && before === undefined)
        throw badInput('say where to: --queue, --first, --last or --before')
      await withSession(flags, async (session) => {
        const { id } = await findJob(session, reference)
        const moved = await session.update('Transfer', id, {
          ...(queue === undefined ? {} : { queue: (await findQueue(session, queue)).id }),
          ...(first === undefined ? {} : { index: 0 }),
          ...(last === undefined ? {} : { index: -1 }),
          ...(before === undefined ? {} : { before: (await findJob(session, before)).id }),
        })
        process.stdout.write(`${printable(moved.name)}  ${printable(String(moved.queue))}\n`)
      })
    })
}

function statusCommand(name: string, status: string, summary: string): Command {
  return withAccess(new Command(name))
    .summary(summary)
    .argument('<code>', 'code or id of the queue')
    .action(async (reference: string, flags: AccessFlags) => {
      await withSession(flags, async (session) => {
        const { id } = await findQueue(session, reference)
        print(await session.update('Queue', id, { status }))
      })
    })
}

function withAttributes(command: Command): Command {
  return withAccess(command)
    .option('--name <name>', 'name as shown')
    .option('--priority <n>', '0 to 1000; higher is more urgent', whole(0, 1000))
    .option('--parent <code>', 'the queue above')
    .option('--description <text>', 'what it is for')
    .option('--default', 'where jobs go that name no queue')
}

function attributesOf({ name, priority, parent, description, default: isDefault }: Attributes) {
  return {
    ...(name === undefined ? {} : { name }),
    ...(priority === undefined ? {} : { priority }),
    ...(parent === undefined ? {} : { parent }),
    ...(description === undefined ? {} : { description }),
    ...(isDefault === undefined ? {} : { default: true }),
  }
}

async function findQueue(session: Session, reference: string): Promise<Entity> {
  const isId: boolean = isEntityId(reference)
  const queue = isId
    ? await session.getEntity('Queue', reference)
    : await session.findOne(`Queue WHERE code=${quote(reference)}`)
  if (queue === null) throw badInput(`no queue is called "${reference}"; "waybill queue list" shows them`)
  return queue
}

function print(queue: Entity): void {
  process.stdout.write(`${printable(String(queue.code))}  ${printable(String(queue.status))}\n`)
}
