import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { badInput } from '../../exit.js'
import { printable } from '../../output/printable.js'

interface Flags extends AccessFlags {
  readonly read?: true
  readonly write?: true
  readonly path: string
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
  .option('--path <path>', 'beneath this path only', '/')
  .addHelpText('after', '\nExample:\n  waybill grant lisa@example.com storage --path /incoming')
  .action(async (user: string, code: string, flags: Flags) => {
    const both = flags.read === undefined && flags.write === undefined
    const { path } = flags
    const rights = { read: both || flags.read === true, write: both || flags.write === true }
    await withSession(flags, async (session) => {
      const share = await session.shares.find(code)
      if (share === null)
        throw badInput(`no share has the code or id "${code}"; "waybill volume list" shows volumes`)
      await session.shares.grant(user, share.id, { ...rights, path })
    })
    const words = [rights.read ? 'read' : '', rights.write ? 'write' : ''].filter((word) => word !== '')
    process.stdout.write(`${printable(`${user} may ${words.join(' and ')} ${path} on ${code}`)}\n`)
  })
