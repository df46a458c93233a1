import { lstatSync } from 'node:fs'
import { basename, join, resolve, sep } from 'node:path'
import { readContents } from '@waybill/agent'
import type { ManifestFile } from '@waybill/sdk'

/** What is wrong with a file here; `unknown` is one of which the manifest has no checksum. */
export type Finding = 'missing' | 'differs' | 'unreadable' | 'unknown'

export interface Verified {
  readonly files: number
  readonly bytes: number
  readonly same: number
  readonly findings: Readonly<Record<Finding, number>>
}

/**
 * Reads all files of a manifest beneath a directory and tells `found` of each that is not what it was. The directory
 * is the one that the job's destination lies in, or the destination itself.
 */
export async function verifyFiles(
  directory: string,
  pages: AsyncIterable<readonly ManifestFile[]>,
  found: (finding: Finding, path: string, why: string) => void,
): Promise<Verified> {
  const findings = { missing: 0, differs: 0, unreadable: 0, unknown: 0 }
  let files = 0
  let bytes = 0
  let same = 0
  for await (const page of pages) {
    for (const file of page) {
      files++
      bytes += file.size
      const look = await lookAt(directory, file)
      if (look === undefined) {
        same++
        continue
      }
      findings[look.finding]++
      found(look.finding, file.path, look.why)
    }
  }
  return { files, bytes, same, findings }
}

async function lookAt(
  directory: string,
  file: ManifestFile,
): Promise<{ readonly finding: Finding; readonly why: string } | undefined> {
  const at = placeOf(directory, file)
  if (at === undefined) return { finding: 'unreadable', why: 'a path that leads elsewhere' }
  try {
    const stat = lstatSync(at, { throwIfNoEntry: false })
    if (stat === undefined) return { finding: 'missing', why: 'not there' }
    if (!stat.isFile()) return { finding: 'differs', why: 'not a file' }
    if (stat.size !== file.size) {
      return { finding: 'differs', why: `${stat.size} bytes, not ${file.size}` }
    }
    if (file.checksum === null) return { finding: 'unknown', why: 'the manifest has no checksum of it' }
    const contents = await readContents(at, 'xxh128', () => true)
    if (contents === undefined) return { finding: 'differs', why: 'changes while it is read' }
    if (contents.checksum === file.checksum) return undefined
    return { finding: 'differs', why: `${contents.checksum}, not ${file.checksum}` }
  } catch (error) {
    return { finding: 'unreadable', why: error instanceof Error ? error.message : String(error) }
  }
}

/** Where a file lies beneath the directory, or beneath its parent when it is the destination itself. */
function placeOf(directory: string, { path, bytes }: ManifestFile): Buffer | string | undefined {
  const names = path.split('/')
  if (names.some((name) => name === '' || name === '.' || name === '..' || name.includes('\0')))
    return undefined
  const whole = resolve(directory)
  const isOfParent =
    names.length > 1 &&
    names[0] === basename(whole) &&
    lstatSync(join(whole, names[0]), { throwIfNoEntry: false }) === undefined
  const top = isOfParent ? resolve(whole, '..') : whole
  if (bytes === undefined) return join(top, ...names)
  return Buffer.concat([Buffer.from(top + sep), Buffer.from(bytes, 'base64')])
}
