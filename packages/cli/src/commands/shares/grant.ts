import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { printable } from '../../output/printable.js'
import { findShare } from './find-share.js'

interface Flags extends AccessFlags {
  readonly read?: true
  readonly write?: true
  readonly path: string
  readonly notify?: true
  readonly message?: string
  readonly invite: boolean
}

export const command = withAccess(new Command('grant'))
  .description(
    'Lets a user read or write on a volume, folder, home or collection, or beneath a path of it. ' +
      'Without --read and --write it is both. Who is no user yet is invited with the role standard.',
  )
  .argument('<user>', 'email')
  .argument('<share>', 'code or id')
  .option('--read', 'may list and fetch')
  .option('--write', 'may send, change and delete')
  .option('--path <path>', 'beneath this path only; other paths that were granted stay', '/')
  .option('--notify', 'tell the user by mail')
  .option('--message <text>', 'words for the mail')
  .option('--no-invite', 'refuse an email that is no user yet, instead of inviting it')
  .addHelpText(
    'after',
    '\nExample:\n  waybill grant lisa@example.com seagull --read --path /dailies --notify',
  )
  .action(async (user: string, code: string, flags: Flags) => {
    const both = flags.read === undefined && flags.write === undefined
    const { path, message, invite } = flags
    const mail = { ...(message === undefined ? {} : { message }), notify: flags.notify === true, invite }
    const rights = { read: both || flags.read === true, write: both || flags.write === true }
    await withSession(flags, async (session) => {
      const share = await findShare(session, code)
      await session.shares.grant(user, share.id, { ...rights, path, ...mail })
    })
    const words = [rights.read ? 'read' : '', rights.write ? 'write' : ''].filter((word) => word !== '')
    process.stdout.write(`${printable(`${user} may ${words.join(' and ')} ${path} on ${code}`)}\n`)
  })
