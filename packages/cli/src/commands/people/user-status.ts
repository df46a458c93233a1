import { roles } from '@waybill/api'
import type { Session, User } from '@waybill/sdk'
import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { badInput } from '../../exit.js'
import { printable } from '../../output/printable.js'
import { findUser } from './find-user.js'

export const enable = statusCommand('enable', 'lets a user log in again', async (session, { id }) => {
  await session.update('User', id, { status: 'enabled' })
  return 'is enabled'
})

export const disable = statusCommand(
  'disable',
  'lets a user log in no more; the jobs wait',
  async (session, { id }) => {
    await session.update('User', id, { status: 'disabled' })
    return 'is disabled'
  },
)

export const deactivate = statusCommand(
  'deactivate',
  'sets a user aside, with home and access',
  async (session, { id }) => {
    await session.deactivate('User', id)
    return 'is set aside'
  },
)

export const remove = statusCommand(
  'remove',
  "ends a membership and aborts the user's jobs; the account and its keys stay",
  async (session, { id }) => {
    await session.deleteOne('User', id)
    return 'is no longer a user'
  },
)

export const activate = withAccess(new Command('activate'))
  .summary('brings back a user that was set aside')
  .argument('<user>', 'email or id')
  .addHelpText('after', '\nExample:\n  waybill user activate lisa@example.com')
  .action(async (name: string, flags: AccessFlags) => {
    await withSession(flags, (session) => session.activate('User', name))
    process.stdout.write(`${printable(name)} is back.\n`)
  })

export const role = withAccess(new Command('role'))
  .summary('gives a user another role')
  .description('Gives a user another role. What the user was granted until now is revoked.')
  .argument('<user>', 'email or id')
  .argument('<role>', roles.join(', '))
  .addHelpText('after', '\nExample:\n  waybill user role lisa@example.com employee')
  .action(async (name: string, wanted: string, flags: AccessFlags) => {
    if (!roles.some((one) => one === wanted)) throw badInput(`a role is one of ${roles.join(', ')}`)
    await withSession(flags, async (session) => {
      const user = await findUser(session, name)
      const changed = await session.update('User', user.id, { role: wanted })
      process.stdout.write(`${printable(changed.code)}  ${printable(changed.role)}\n`)
    })
  })

/** A command on one user; `act` says in words what became of the user. */
function statusCommand(
  name: string,
  summary: string,
  act: (session: Session, user: User) => Promise<string>,
): Command {
  return withAccess(new Command(name))
    .summary(summary)
    .argument('<user>', 'email or id')
    .addHelpText('after', `\nExample:\n  waybill user ${name} lisa@example.com`)
    .action(async (who: string, flags: AccessFlags) => {
      await withSession(flags, async (session) => {
        const user = await findUser(session, who)
        process.stdout.write(`${printable(user.code)} ${await act(session, user)}.\n`)
      })
    })
}
