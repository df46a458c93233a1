import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { listCommand } from './list-command.js'

export const command = new Command('site')
  .description('Places with servers; one is the main site, hq.')
  .addCommand(listCommand('site', 'Lists the sites'))
  .addCommand(
    withAccess(new Command('add'))
      .summary('adds a site')
      .argument('<code>', 'how paths name it: site=CODE')
      .option('--name <name>', 'name as shown; the code when absent')
      .action(async (code: string, flags: AccessFlags & { readonly name?: string }) => {
        const site = await withSession(flags, (session) =>
          session.create('Site', { code, name: flags.name ?? code }),
        )
        process.stdout.write(`${site.id}\n`)
      }),
  )
