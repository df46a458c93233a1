import type { Acl } from '@waybill/sdk'
import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { shortName } from '../../output/columns.js'
import { type ListFlags, printList, withJson } from '../../output/list.js'
import { findUser } from '../people/find-user.js'
import { findShare } from './find-share.js'

interface Flags extends AccessFlags, ListFlags {
  readonly of?: string
  readonly recursive?: boolean
}

/** One granted path a line. */
const columns = [
  { head: 'USER', value: ({ acl }: Line) => shortName(acl.entity_hr) },
  { head: 'ON', value: ({ acl }: Line) => acl.target_hr.replace(/\([0-9a-f]{24}\)$/, '') },
  { head: 'PATH', value: ({ path }: Line) => path },
  { head: 'MAY', value: ({ may }: Line) => may },
]

interface Line {
  readonly acl: Acl
  readonly path: string
  readonly may: string
}

export const command = withJson(withAccess(new Command('access')))
  .description(
    'Shows who may read and write what: on one share, of one user, or everything that you may see. ' +
      'Admins may everything, and need no access.',
  )
  .argument('[share]', 'volume, folder, home or collection: code or id')
  // Not --user, which says who acts.
  .option('--of <user>', 'what this user may: email or id')
  .option('--recursive', 'on the share and on what lies beneath it')
  .addHelpText(
    'after',
    '\nExamples:\n  waybill access storage --recursive\n  waybill access --of lisa@example.com',
  )
  .action(
    async (
      name: string | undefined,
      { of, recursive = false, ...flags }: Flags & { recursive?: boolean },
    ) => {
      const acls = await withSession(flags, async (session) => {
        const conditions = [
          ...(name === undefined ? [] : [`target=share:${(await findShare(session, name)).id}`]),
          ...(of === undefined ? [] : [`entity=user:${(await findUser(session, of)).id}`]),
        ]
        const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
        return await session.shares.access(`acl${where}`, { recursive })
      })
      if (flags.json === true) printList(acls, [], flags)
      else printList(acls.flatMap(linesOf), columns, flags)
    },
  )

function linesOf(acl: Acl): Line[] {
  return acl.paths.map(({ path, read, write }) => ({
    acl,
    path,
    may: [read ? 'read' : '', write ? 'write' : ''].filter((word) => word !== '').join(', '),
  }))
}
