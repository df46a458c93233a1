import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { badInput } from '../../exit.js'
import { printable } from '../../output/printable.js'
import { findUser } from '../people/find-user.js'
import { findShare } from './find-share.js'

interface Flags extends AccessFlags {
  readonly path?: string
}

export const command = withAccess(new Command('revoke'))
  .description(
    'Takes back what a user was granted on a volume, folder, home or collection, or one path of it.',
  )
  // Not <user>: --user says who acts.
  .argument('<grantee>', 'email or id')
  .argument('<share>', 'code or id')
  .option('--path <path>', 'this path only; others stay')
  .addHelpText('after', '\nExample:\n  waybill revoke lisa@example.com seagull')
  .action(async (name: string, code: string, { path, ...flags }: Flags) => {
    await withSession(flags, async (session) => {
      const share = await findShare(session, code)
      const user = await findUser(session, name)
      const [acl] = await session.shares.access(
        `acl WHERE target=share:${share.id} AND entity=user:${user.id}`,
      )
      if (acl === undefined)
        throw badInput(
          `${user.code} was granted nothing on ${share.code}; "waybill access ${share.code}" shows who was`,
        )
      await session.shares.revoke(acl.id, path === undefined ? {} : { path })
      const what = path === undefined ? share.code : `${path} on ${share.code}`
      process.stdout.write(`${printable(`${user.code} lost access to ${what}`)}\n`)
    })
  })
