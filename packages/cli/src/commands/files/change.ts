import { Command } from 'commander'
import { type AccessFlags, withAccess } from '../../access/connect.js'
import { notations, withFiles } from './session.js'

export const mkdir = withAccess(new Command('mkdir'))
  .description('Makes directories on storage, with those above them. One that is there already is fine.')
  .argument('<paths...>')
  .addHelpText('after', notations)
  .addHelpText('after', '\nExample:\n  waybill mkdir volume=storage/show/in volume=storage/show/out')
  .action(async (paths: string[], flags: AccessFlags) => {
    await withFiles(flags, 'making directories', (session) => session.mkdir(paths))
  })

export const mv = withAccess(new Command('mv'))
  .description(
    'Renames or moves a file or directory within its volume. A target that ends in / is a directory to put it ' +
      'into. What is there is never replaced.',
  )
  .argument('<path>')
  .argument('<target>')
  .addHelpText('after', notations)
  .addHelpText(
    'after',
    `
Examples:
  waybill mv volume=storage/show/a.mov volume=storage/show/b.mov
  waybill mv volume=storage/show/b.mov volume=storage/archive/
Another volume or site? "waybill transfer" sends it there.`,
  )
  .action(async (path: string, target: string, flags: AccessFlags) => {
    await withFiles(flags, 'moving', (session) => session.move(path, target))
  })

export const rm = withAccess(new Command('rm'))
  .description('Deletes files and empty directories on storage; with -r directories and all that is in them.')
  .argument('<paths...>')
  .option('-r, --force', 'also directories that are not empty')
  .addHelpText('after', notations)
  .addHelpText('after', '\nExample:\n  waybill rm -r volume=storage/show/old')
  .action(async (paths: string[], { force, ...flags }: AccessFlags & { readonly force?: true }) => {
    await withFiles(flags, 'deleting', (session) => session.rm(paths, { force: force === true }))
  })
