import type { Entity, FindOptions } from '@waybill/sdk'
import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { columnsOf } from '../../output/columns.js'
import { type ListFlags, printList, withJson } from '../../output/list.js'

/** `waybill TYPE list`: every entity of one type that the caller may see. */
export function listCommand(type: string, description: string, options: FindOptions = {}): Command {
  return withJson(withAccess(new Command('list')))
    .summary(description.toLowerCase())
    .description(`${description}.`)
    .action(async (flags: AccessFlags & ListFlags) => {
      const found = await withSession(flags, (session) => session.find<string>(type, options))
      printList<Entity>(found, columnsOf(type), flags)
    })
}
