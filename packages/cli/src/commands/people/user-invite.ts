import { roles } from '@waybill/api'
import type { Session, Share } from '@waybill/sdk'
import { Command, Option } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { badInput } from '../../exit.js'
import { printable } from '../../output/printable.js'
import { findUser } from './find-user.js'

interface InviteFlags extends AccessFlags {
  readonly role: string
  readonly name?: string
  readonly message?: string
  readonly mail: boolean
  readonly home?: true
  readonly volume?: readonly string[]
  readonly allVolumes?: true
}

/** `user add` makes a user and says no more; `user invite` prints a link for the inviter to hand on, too. */
export const add = inviteCommand('add')
  .summary('makes somebody a user')
  .description(
    'Makes somebody a user of the workspace, who can be used at once, and mails an invitation where the server ' +
      'has a mail server. "waybill key create" gives them an API key.',
  )
  .addHelpText('after', '\nExample:\n  waybill user add lisa@example.com --role employee --volume storage')
  .action(async (email: string, flags: InviteFlags) => {
    await withSession(flags, async (session) => await makeUser(session, email, flags))
  })

export const invite = inviteCommand('invite')
  .summary('makes somebody a user and prints a link for them')
  .description(
    'Makes somebody a user of the workspace and prints a link to hand to them, with which they choose a password. ' +
      'A mail with another link goes out where the server has a mail server.',
  )
  .addHelpText(
    'after',
    '\nExample:\n  waybill user invite lisa@example.com --home --message "For the May shoot"',
  )
  .action(async (email: string, flags: InviteFlags) => {
    await withSession(flags, async (session) => {
      const user = await makeUser(session, email, flags)
      process.stdout.write(`${session.server}${await session.account.invitation(user)}\n`)
    })
  })

export const invitation = withAccess(new Command('invitation'))
  .summary('makes a new link for a user')
  .description(
    'Prints a new link for a user who has not logged in yet, to be handed on. With --mail it is mailed instead; ' +
      'only a mailed link opens an account that is in use elsewhere already.',
  )
  .argument('<user>', 'email or id')
  .option('--mail', 'send a mail instead')
  .option('--message <words>', 'words for the mail')
  .addHelpText('after', '\nExample:\n  waybill user invitation lisa@example.com')
  .action(async (name: string, flags: AccessFlags & { readonly mail?: true; readonly message?: string }) => {
    await withSession(flags, async (session) => {
      const user = await findUser(session, name)
      if (flags.mail === true) {
        await session.account.mailInvitation(user.id, flags.message)
        process.stdout.write(`An invitation for ${printable(user.code)} is in the outbox.\n`)
      } else process.stdout.write(`${session.server}${await session.account.invitation(user.id)}\n`)
    })
  })

function inviteCommand(name: string): Command {
  return withAccess(new Command(name))
    .argument('<email>')
    .addOption(new Option('--role <role>', 'what the user may do').choices(roles).default('standard'))
    .option('--name <name>', 'the full name')
    .option('--volume <code...>', 'may read and write on these volumes')
    .option('--all-volumes', 'may read and write on every volume')
    .option('--home', 'make a home folder')
    .option('--message <words>', 'words for the invitation')
    .option('--no-mail', 'send no mail')
}

/** Answers with the user's id. */
async function makeUser(session: Session, email: string, flags: InviteFlags): Promise<string> {
  // Before the user is made: a mistyped volume shall not leave half of what was asked for.
  const volumes = await volumesOf(session, flags)
  const { role, name, message, mail, home } = flags
  const user = await session.create('User', {
    code: email,
    role,
    ...(name === undefined ? {} : { name }),
    ...(message === undefined ? {} : { message }),
    ...(home === true ? { create_home_share: true } : {}),
    ...(mail ? {} : { mail: false }),
  })
  for (const { id } of volumes) await session.shares.grant(user.id, id, { read: true, write: true })
  process.stdout.write(`${user.id}  ${printable(user.code)}  ${user.role}\n`)
  return user.id
}

async function volumesOf(session: Session, flags: InviteFlags): Promise<readonly Share[]> {
  const volumes = flags.allVolumes === true || flags.volume !== undefined ? await session.find('Volume') : []
  if (flags.allVolumes === true) return volumes
  return (flags.volume ?? []).map((code) => {
    const found = volumes.find(
      (volume) => volume.id === code || volume.code.toLowerCase() === code.toLowerCase(),
    )
    if (found === undefined) throw badInput(`no volume is called "${code}"; "waybill volume list" shows them`)
    return found
  })
}
