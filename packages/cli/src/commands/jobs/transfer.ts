import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { type ListFlags, printJson } from '../../output/list.js'
import { printable } from '../../output/printable.js'
import { followPreview } from '../preview/follow-preview.js'
import { tellUnknownSettings } from '../unknown-setting.js'
import { localPath, looksLocal } from './local-path.js'
import { watch } from './watch.js'

interface Flags extends AccessFlags, ListFlags {
  readonly name?: string
  readonly queue?: string
  readonly paused?: true
  readonly follow: boolean
  readonly dryRun?: true
  readonly setting?: Readonly<Record<string, string>>
}

export const command = withAccess(new Command('transfer'))
  .description('Makes a transfer and follows it to its end.')
  .argument('<source>', 'file, directory or numbered sequence')
  .argument('<destination>', 'ends in / for "into this directory"')
  .option('--name <name>', 'name of the job; made from the source when absent')
  .option('--queue <code>', 'queue to put it into')
  .option('--paused', 'make it, but start nothing yet')
  .option('--no-follow', 'print its id and return at once')
  .option('--setting <name=value>', 'a setting of this job; may be repeated', collectSetting)
  .option('--dry-run', 'move nothing: list what would be sent, replaced, deleted or left out, and why')
  .option('--json', 'with --dry-run: print what it found as JSON; with --no-follow or --paused: the job')
  .addHelpText(
    'after',
    `
Places:
  ./rushes, ../plates/, /mnt/raid/a    on your own machine, where an agent of yours runs
  volume=storage/incoming/             on a volume; folder=, home=, collection=, share= likewise
  incoming/a.mov                       on the default volume
  lisa@example.com:/Users/lisa/in/     on the machine of a user; lisa@example.com@laptop for one of several
  lisa@example.com                     where she mapped the share of the source, else wherever she chooses
  lisa@example.com:folder=trailers/    the folder where she mapped it
  site=stockholm:projects/a            at a site; without a path the same one as the source's
  shots/a.%04d.exr[1001-1240]          a numbered sequence

Examples:
  waybill transfer ./rushes volume=storage/incoming/
  waybill transfer volume=storage/masters/reel1.mov ./ --queue High
  waybill transfer ./rushes volume=storage/rushes --setting transfer_mode=onewaysync --dry-run

Exit code: 0 done, 1 failed or aborted, 2 refused. Ctrl-C (130) leaves the job running. A dry run is done when
it could look at everything, also at what would fail.`,
  )
  .action(async (source: string, destination: string, flags: Flags) => {
    hint(source)
    const { name, queue, paused, setting, follow, dryRun } = flags
    await withSession(flags, async (session) => {
      tellUnknownSettings(Object.keys(setting ?? {}))
      const job = await session.create('Transfer', {
        source: localPath(source, process.cwd()),
        destination: localPath(destination, process.cwd()),
        ...(name === undefined ? {} : { name }),
        ...(queue === undefined ? {} : { queue }),
        ...(paused === undefined ? {} : { status: 'paused' }),
        ...(setting === undefined ? {} : { settings: setting }),
        ...(dryRun === undefined ? {} : { dryrun: true }),
      })
      if (!follow || paused === true) {
        if (flags.json === true) printJson(job)
        else process.stdout.write(`${job.id}\n`)
        return
      }
      if (dryRun === true) {
        await followPreview(session, job, flags)
        return
      }
      process.stderr.write(`Job ${job.id}  ${printable(job.name)}\n`)
      await watch(session, job.id)
    })
  })

function hint(source: string): void {
  if (looksLocal(source) && existsSync(resolve(source)))
    process.stderr.write(
      printable(`"${source}" means the default volume. For the one in this directory write ./${source}`) +
        '\n',
    )
}

function collectSetting(
  text: string,
  previous: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It has the form name=value.')
  return { ...previous, [text.slice(0, at)]: text.slice(at + 1) }
}
