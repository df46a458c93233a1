import type { Entity, Session } from '@waybill/sdk'
import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { badInput } from '../../exit.js'
import { type ListFlags, printJson, withJson } from '../../output/list.js'
import { renderTable } from '../../output/table.js'
import { findJob } from './job-reference.js'

interface Flags extends AccessFlags, ListFlags {
  readonly type: string
}

export const command = withJson(withAccess(new Command('show')))
  .description('Shows every attribute of one entity, whatever its state.')
  .argument('<id>', 'its id; for jobs the name will do')
  .option('--type <type>', 'what it is: transfer, user, client, volume, queue, ...', 'transfer')
  .addHelpText('after', '\nExample:\n  waybill show 6971e16fceadd67b955b1995')
  .action(async (id: string, flags: Flags) => {
    const entity = await withSession(flags, (session) => one(session, flags.type, id))
    if (flags.json === true) printJson(entity)
    else process.stdout.write(`${sheet(entity)}\n`)
  })

async function one(session: Session, type: string, id: string): Promise<Entity> {
  if (/^(transfer|job)$/i.test(type)) return findJob(session, id)
  const entity: Entity | null = await session.getEntity(type, id)
  if (entity === null) throw badInput(`no ${type} has the id "${id}"`)
  return entity
}

function sheet(entity: Entity): string {
  const rows = Object.entries(entity).filter(([, value]) => value !== null && value !== '')
  return renderTable(rows, [
    { head: 'ATTRIBUTE', value: ([name]) => name },
    { head: 'VALUE', value: ([, value]) => value },
  ])
}
