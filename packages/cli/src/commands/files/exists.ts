import { Command } from 'commander'
import { type AccessFlags, withAccess } from '../../access/connect.js'
import { failed } from '../../exit.js'
import { printable } from '../../output/printable.js'
import { notations, readable, withFiles } from './session.js'

export const command = withAccess(new Command('exists'))
  .description('Tells whether files or directories are there: exit code 0 when all of them are, 1 otherwise.')
  .argument('<paths...>')
  .option('-q, --quiet', 'by the exit code alone')
  .addHelpText('after', notations)
  .addHelpText('after', '\nExample:\n  waybill exists -q volume=storage/show/ready && echo go')
  .action(async (paths: string[], { quiet, ...flags }: AccessFlags & { readonly quiet?: true }) => {
    const found = await withFiles(flags, 'looking', (session) => session.exists(paths.map(readable)))
    const absent = paths.filter((_, index) => found[index]?.result !== true)
    if (quiet !== true) {
      for (const path of paths) {
        process.stdout.write(`${absent.includes(path) ? 'absent ' : 'there  '}  ${printable(path)}\n`)
      }
    }
    if (absent.length > 0) throw failed('')
  })
