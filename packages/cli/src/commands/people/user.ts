import { isEntityId, roles } from '@waybill/api'
import { quote, type Session, type Share, type User } from '@waybill/sdk'
import { Command, Option } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { badInput } from '../../exit.js'
import { printable } from '../../output/printable.js'
import { listCommand } from '../admin/list-command.js'

interface AddFlags extends AccessFlags {
  readonly role: string
  readonly name?: string
  readonly volume?: readonly string[]
  readonly allVolumes?: true
}

const add = withAccess(new Command('add'))
  .summary('makes somebody a user')
  .description('Makes somebody a user of the workspace. "waybill key create" gives them an API key.')
  .argument('<email>')
  .addOption(new Option('--role <role>', 'what the user may do').choices(roles).default('standard'))
  .option('--name <name>', 'the full name')
  .option('--volume <code...>', 'may read and write on these volumes')
  .option('--all-volumes', 'may read and write on every volume')
  .addHelpText('after', '\nExample:\n  waybill user add lisa@example.com --role employee --volume storage')
  .action(async (email: string, flags: AddFlags) => {
    await withSession(flags, async (session) => {
      // Before the user is made: a mistyped volume shall not leave half of what was asked for.
      const volumes = await volumesOf(session, flags)
      const { role, name } = flags
      const user = await session.create('User', {
        code: email,
        role,
        ...(name === undefined ? {} : { name }),
      })
      for (const { id } of volumes) await session.shares.grant(user.id, id, { read: true, write: true })
      process.stdout.write(`${user.id}  ${printable(user.code)}  ${user.role}\n`)
    })
  })

async function volumesOf(session: Session, flags: AddFlags): Promise<readonly Share[]> {
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

const remove = withAccess(new Command('remove'))
  .summary('ends a membership')
  .description("Ends a user's membership and aborts the user's jobs. The account and its keys stay.")
  .argument('<user>', 'email or id')
  .action(async (user: string, flags: AccessFlags) => {
    await withSession(flags, async (session) => {
      const found: User | null = isEntityId(user)
        ? await session.getEntity('User', user)
        : await session.findOne(`User WHERE code=${quote(user)}`)
      if (found === null) throw badInput(`no user is called "${user}"; "waybill user list" shows them`)
      await session.deleteOne('User', found.id)
      process.stdout.write(`${printable(found.code)} is no longer a user.\n`)
    })
  })

export const command = new Command('user')
  .description('Users of the workspace.')
  .addCommand(add)
  .addCommand(listCommand('user', 'Lists the users'))
  .addCommand(remove)
