import { Session } from '@waybill/sdk'
import { removePassword } from '@waybill/server'
import { Command } from 'commander'
import { askNewSecret, askSecret } from '../../access/ask.js'
import { type AccessFlags, credentialsFor, withAccess } from '../../access/connect.js'
import { badInput } from '../../exit.js'
import { printable } from '../../output/printable.js'
import { withStore } from '../people/data-directory.js'

interface Flags extends AccessFlags {
  readonly current?: boolean
  readonly remove?: true
  readonly reset?: string
}

export const command = withAccess(new Command('password'))
  .description(
    'Sets your password for the web, or changes it: asks for it, or reads it from a line of standard input. ' +
      'Everybody who is logged in with the old one is logged out.',
  )
  .option('--current', 'there is one already; it is asked for first')
  .option('--remove', 'have none any more')
  .option('--reset <email>', 'with --data: take the password of an account away that was forgotten')
  .addHelpText(
    'after',
    '\nExamples:\n  waybill password\n  waybill password --current\n' +
      '  waybill password --reset lisa@example.com --data ./waybill',
  )
  .action(async (flags: Flags) => {
    const { reset, data } = flags
    if (reset !== undefined) {
      if (data === undefined)
        throw badInput('--reset needs the data directory of the installation: --data DIR')
      await withStore({ ...flags, data }, (store) => removePassword(store, reset))
      process.stdout.write(`${printable(reset)} has no password any more.\n`)
      return
    }
    const session = new Session({ ...credentialsFor(flags), device: 'waybill' })
    try {
      const asksCurrent = flags.current === true || flags.remove === true
      const current = asksCurrent ? await askSecret('Your password until now') : undefined
      if (flags.remove === true) await session.account.removePassword(current ?? '')
      else await session.account.setPassword(await askNewSecret('Your new password'), current)
    } finally {
      session.close()
    }
    process.stdout.write(flags.remove === true ? 'The password is gone.\n' : 'The password is set.\n')
  })
