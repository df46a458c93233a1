import type { FileEntry, ListOptions } from '@waybill/sdk'
import { Command } from 'commander'
import { type AccessFlags, withAccess } from '../../access/connect.js'
import { type ListFlags, printJson, withJson } from '../../output/list.js'
import { printable } from '../../output/printable.js'
import { formatBytes, formatMoment } from '../../output/units.js'
import { whole } from '../numbers.js'
import { notations, readable, withFiles } from './session.js'

interface Flags extends AccessFlags, ListFlags {
  readonly recursive?: true
  readonly maxdepth?: number
  readonly long?: true
  readonly sizes?: true
  readonly files?: true
  readonly directories?: true
  readonly include?: string
  readonly exclude?: string
  readonly limit?: number
  readonly skip?: number
}

export const command = withJson(withAccess(new Command('ls')))
  .description('Lists a directory: what you may see of it, in the order of names.')
  .argument('[path]', 'what to list; the default volume when absent', 'volume=(default)/')
  .option('-R, --recursive', 'also what is in its directories')
  .option('--maxdepth <n>', 'so many levels of it', whole(1, 4096))
  .option('-l, --long', 'with sizes and times')
  .option('--sizes', 'count what is in directories, too')
  .option('--files', 'files alone')
  .option('--directories', 'directories alone')
  .option('--include <filters>', "such as *.mov or re('^a\\d+'), with commas between")
  .option('--exclude <filters>', 'leave these out; what is included stays')
  .option('--limit <n>', 'at most so many entries of the directory', whole(0, 1_000_000_000))
  .option('--skip <n>', 'without the first', whole(0, 1_000_000_000))
  .addHelpText('after', notations)
  .addHelpText(
    'after',
    `
Examples:
  waybill ls
  waybill ls -l folder=rushes/day1
  waybill ls -R --include "*.mov" volume=storage/show`,
  )
  .action(async (path: string, flags: Flags) => {
    const entries = await withFiles(flags, `listing ${path}`, (session) =>
      session.ls(readable(path), optionsOf(flags)),
    )
    if (flags.json === true) printJson(entries)
    else for (const line of lines(entries, flags.long === true || flags.sizes === true)) write(line)
  })

function optionsOf(flags: Flags): ListOptions {
  const { recursive, maxdepth, sizes, files, directories, include, exclude, limit, skip } = flags
  return {
    ...(recursive === undefined && maxdepth === undefined ? {} : { recursive: true }),
    ...(maxdepth === undefined ? {} : { maxdepth }),
    ...(sizes === undefined ? {} : { getsize: true }),
    ...(files === undefined ? {} : { files_only: true }),
    ...(directories === undefined ? {} : { directories_only: true }),
    ...(include === undefined ? {} : { include }),
    ...(exclude === undefined ? {} : { exclude }),
    ...(limit === undefined ? {} : { limit }),
    ...(skip === undefined ? {} : { skip }),
  }
}

function* lines(entries: readonly FileEntry[], long: boolean, above = ''): Generator<string> {
  for (const { type, filename, size, modified, files = [] } of entries) {
    const path = above + filename
    const name = printable(type === 0 ? `${path}/` : path)
    const bytes = type === 0 && size === 0 ? '' : formatBytes(size)
    yield long ? `${bytes.padStart(8)}  ${formatMoment(modified)}  ${name}` : name
    yield* lines(files, long, `${path}/`)
  }
}

function write(line: string): void {
  process.stdout.write(`${line}\n`)
}
