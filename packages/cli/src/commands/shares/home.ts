import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { listCommand } from '../admin/list-command.js'
import { activateCommand, deactivateCommand, disableCommand, enableCommand, removeCommand } from './state.js'

interface Flags extends AccessFlags {
  readonly path?: string
  readonly code?: string
}

const words = {
  kind: 'home',
  example: 'lisa@example.com',
  disabling: 'lets a home be used no more; its jobs wait',
  removing: 'takes a home away from its user and aborts its jobs; files stay',
} as const

const add = withAccess(new Command('add'))
  .summary('gives a user a home')
  .description('Gives a user a home, written ~/ in paths. The directory is made when it is not there.')
  // Not <user>: --user says who acts.
  .argument('<owner>', "the user's email or id")
  .option('--path <path>', 'where it lies; homes/EMAIL on the default volume when absent')
  .option('--code <code>', 'how paths name it: home=CODE/...; made from the email when absent')
  .addHelpText('after', '\nExample:\n  waybill home add lisa@example.com')
  .action(async (user: string, { path, code, ...flags }: Flags) => {
    const given = { ...(path && { path }), ...(code && { code }) }
    const home = await withSession(flags, (session) => session.create('Home', { user, ...given }))
    process.stdout.write(`${home.id}  home=${home.code}/\n`)
  })

export const command = new Command('home')
  .description("Homes: users' own folders beneath a volume.")
  .addCommand(add)
  .addCommand(listCommand('home', 'Lists the homes'))
  .addCommand(enableCommand(words))
  .addCommand(disableCommand(words))
  .addCommand(deactivateCommand(words))
  .addCommand(activateCommand(words))
  .addCommand(removeCommand(words))
