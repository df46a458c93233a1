import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { opendir, rename, rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { type ManifestFile, type Session, type Transfer, WaybillError } from '@waybill/sdk'
import { Command, Option } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { badInput, failed } from '../../exit.js'
import { printable } from '../../output/printable.js'
import { formatBytes } from '../../output/units.js'
import { findJob } from '../jobs/job-reference.js'
import { type FormatName, manifestFormats } from './formats.js'

interface Flags extends AccessFlags {
  readonly format: FormatName
  readonly output?: string
  readonly verify?: string
}

export const command = withAccess(new Command('manifest'))
  .description(
    'Prints the files that a transfer brought to its destination or found there, with size, time and checksum ' +
      '(xxh128, which xxhsum makes as well). With --verify, reads files of this machine and tells which are not ' +
      'the same; then the command fails.',
  )
  .argument('<job>', 'id or name of the job')
  .addOption(
    new Option('--format <format>', 'how to print it').choices(Object.keys(manifestFormats)).default('text'),
  )
  .option('-o, --output <file>', 'write it to a file')
  .option('--verify <dir>', 'read the files in this directory instead of printing')
  .addHelpText(
    'after',
    '\nExamples:\n' +
      '  waybill manifest 65f0c2d1a7b3e4f5a6b7c8d9\n' +
      '  waybill manifest shot42 --format xxh128sum -o shot42.xxh128 && xxhsum -c shot42.xxh128\n' +
      '  waybill manifest shot42 --verify /mnt/storage/show',
  )
  .action(async (reference: string, flags: Flags) => {
    await withSession(flags, async (session) => {
      const job = await findJob(session, reference)
      if (flags.verify === undefined) await print(session, job, flags)
      else await verify(session, job, flags.verify)
    })
  })

async function print(session: Session, job: Transfer, { format, output }: Flags): Promise<void> {
  const pages = session.manifest(job.id)
  const count = { files: 0, unknown: 0 }
  const pieces = written(format, pages, count)
  if (output === undefined) {
    for await (const piece of pieces) {
      if (!process.stdout.write(shown(piece))) await once(process.stdout, 'drain')
    }
  } else {
    await writeFile(output, pieces)
  }
  const lacking = count.unknown === 0 ? '' : `, ${count.unknown} of them without a checksum`
  process.stderr.write(`${count.files} files${lacking}.\n`)
  if (job.status !== 'done') {
    process.stderr.write(`The job is ${job.status}: the manifest has what arrived by now.\n`)
  }
}

async function* written(
  name: FormatName,
  pages: AsyncIterable<readonly ManifestFile[]>,
  count: { files: number; unknown: number },
): AsyncGenerator<Buffer, void, void> {
  const format = manifestFormats[name]
  yield Buffer.from(format.start())
  for await (const page of pages) {
    const pieces: Buffer[] = []
    for (const file of page) {
      const piece = format.file(file, count.files === 0)
      count.files++
      if (file.checksum === null) count.unknown++
      if (piece !== undefined) pieces.push(Buffer.from(piece))
    }
    yield Buffer.concat(pieces)
  }
  yield Buffer.from(format.end)
}

/** Names come from other machines: what a terminal would obey is escaped. */
function shown(piece: Buffer): Buffer | string {
  return process.stdout.isTTY ? printable(piece.toString(), { lines: true }) : piece
}

/** The file has its name once it is complete. */
async function writeFile(path: string, pieces: AsyncIterable<Buffer>): Promise<void> {
  const temporary = `${path}.${process.pid}.new`
  try {
    await pipeline(pieces, createWriteStream(temporary, { flags: 'wx' }))
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    if (error instanceof WaybillError) throw error
    throw failed(`${path} cannot be written: ${wordsOf(error)}`)
  }
}

/** What a file system says, without the names that it says it of. */
function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/, \w+ '.*$/s, '') : String(error)
}

/** Looks before anything is read, or each single file would be named as missing. */
async function checkDirectory(directory: string): Promise<void> {
  const wrong = await opendir(directory).then(
    async (opened) => {
      await opened.close()
    },
    (error: unknown) => wordsOf(error),
  )
  if (wrong !== undefined) throw badInput(`${directory} is not a directory that can be read: ${wrong}`)
}

async function verify(session: Session, job: Transfer, directory: string): Promise<void> {
  await checkDirectory(directory)
  // Reads with native code, which no other command needs.
  const { verifyFiles } = await import('./verify.js')
  const { files, bytes, same, findings } = await verifyFiles(
    directory,
    session.manifest(job.id),
    (finding, path, why) =>
      process.stdout.write(`${finding.toUpperCase()}  ${printable(path)}: ${printable(why)}\n`),
  )
  const { missing, differs, unreadable, unknown } = findings
  process.stdout.write(`${files} files, ${formatBytes(bytes)}: ${same} are the same.\n`)
  if (files === 0)
    throw failed('the manifest has no files; was transfer_manifest off, or is nothing done yet?')
  const bad = missing + differs + unreadable
  if (bad > 0) throw failed(`${differs} differ, ${missing} are missing, ${unreadable} cannot be read`)
  if (job.status !== 'done') throw failed(`the job is ${job.status}: its manifest is not complete`)
  if (unknown > 0)
    process.stdout.write(`${unknown} could not be checked: the manifest has no checksum of them.\n`)
}
