import { Command } from 'commander'
import { type AccessFlags, withAccess } from '../../access/connect.js'
import { type ListFlags, printJson, withJson } from '../../output/list.js'
import { printable } from '../../output/printable.js'
import { formatBytes } from '../../output/units.js'
import { notations, readable, withFiles } from './session.js'

interface Flags extends AccessFlags, ListFlags {
  readonly include?: string
  readonly exclude?: string
}

export const command = withJson(withAccess(new Command('size')))
  .description('Counts the bytes of files, or of all that you may see in directories.')
  .argument('<paths...>')
  .option('--include <filters>', 'files such as *.mov alone, with commas between')
  .option('--exclude <filters>', 'without these')
  .addHelpText('after', notations)
  .addHelpText('after', '\nExample:\n  waybill size volume=storage/show --include "*.exr"')
  .action(async (paths: string[], { include, exclude, ...flags }: Flags) => {
    const options = {
      ...(include === undefined ? {} : { include }),
      ...(exclude === undefined ? {} : { exclude }),
    }
    const sizes = await withFiles(flags, 'counting', (session) =>
      session.getsize(paths.map(readable), options),
    )
    if (flags.json === true) {
      printJson(sizes.map(({ result }, index) => ({ path: paths[index], size: result })))
      return
    }
    for (const [index, { result }] of sizes.entries()) {
      process.stdout.write(`${formatBytes(result).padStart(8)}  ${printable(paths[index] ?? '')}\n`)
    }
  })
