import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { disableCommand, enableCommand, removeCommand, renameCommand } from '../shares/state.js'
import { listCommand } from './list-command.js'

const words = {
  kind: 'site',
  example: 'oslo',
  disabling: 'lets a site be used no more; its jobs wait',
  removing: 'deletes a site that has no servers and no active transfers',
} as const

export const command = new Command('site')
  .description('Places with servers; one is the main site, hq.')
  .addCommand(listCommand('site', 'Lists the sites'))
  .addCommand(
    withAccess(new Command('add'))
      .summary('adds a site')
      .argument('<code>', 'how paths name it: site=CODE')
      .option('--name <name>', 'name as shown; the code when absent')
      .addHelpText('after', '\nExample:\n  waybill site add oslo --name "Oslo office"')
      .action(async (code: string, flags: AccessFlags & { readonly name?: string }) => {
        const site = await withSession(flags, (session) =>
          session.create('Site', { code, name: flags.name ?? code }),
        )
        process.stdout.write(`${site.id}\n`)
      }),
  )
  .addCommand(renameCommand(words))
  .addCommand(enableCommand(words))
  .addCommand(disableCommand(words))
  .addCommand(removeCommand(words))
