import type { BigIntStats } from 'node:fs'
import { basename } from 'node:path'
import {
  type DirectoryHash,
  directoryEntry,
  fileEntry,
  hashListEnd,
  hashListStart,
  isXmlText,
  type MhlHash,
  printChain,
} from '@waybill/api'
import { type BytePath, baseName, joinPath, showPath } from '@waybill/asc'
import { defaultName } from '../../control/host.js'
import { faultOf } from '../../transfer/fault.js'
import type { Place } from '../../transfer/place.js'
import { version } from '../../version.js'
import { readContents } from '../contents.js'
import { printedName } from '../names.js'
import { chainName, historyName } from './chain.js'
import { DirectoryDigest } from './digest-list.js'
import { History, readChain } from './history.js'
import { Output } from './output.js'
import { ignored, type Step, walk } from './walk.js'

/** What is known of a file that was not read for this: the checksum of its contents, made by the transfer or before. */
export interface Known {
  readonly checksum: string
  /** Its contents came with the transfer that the generation is of. */
  readonly isNew: boolean
}

export interface GenerationHost {
  /** Of a path beneath the place, if its size and time are these: its xxh128. */
  known(path: BytePath, stat: BigIntStats): Known | undefined
  /** Something that people have to know of a file. */
  warn(path: BytePath, code: 'W#J064' | 'W#J065', words: string): void
  /** False once nobody wants it any more: it is not written then. */
  isAlive(): boolean
}

/**
 * Adds a generation of ASC MHL 2.0 to the history of a place: of all that is in it with checksums of directories, or
 * of the files that `steps` goes through alone. Written crash-safely: the hash list is complete and on the disk before
 * the chain knows of it. Nobody else may write one of this place meanwhile.
 *
 * @throws Fault, or what file operations throw; then the history is as before
 */
export async function writeGeneration(
  place: Place,
  kind: MhlHash,
  host: GenerationHost,
  steps?: AsyncIterable<Step>,
): Promise<void> {
  const { tree, base } = place
  const folder = joinPath(base, historyName)
  tree.directory(folder, true)
  const chain = readChain(tree, folder)
  const history = await History.read(tree, folder, chain, kind, (lost) =>
    host.warn(
      '',
      'W#J064',
      `The ASC MHL generation ${lost} cannot be read: what it alone knows is not compared`,
    ),
  )
  const created = new Date()
  const number = Math.max(0, ...chain.map((entry) => entry.number)) + 1
  const name = listName(number, place, created)
  const path = joinPath(folder, Buffer.from(name).toString('latin1'))
  const body = new Output(tree, joinPath(folder, 'body'))
  const list = new Output(tree, path)
  const next = new Output(tree, joinPath(folder, chainName))
  try {
    const root = await writeEntries(body, place, { kind, host, history }, steps ?? walk(place))
    const hostname = defaultName()
    const tool = { name: 'waybill', version }
    list.write(
      hashListStart({
        created,
        hostname,
        tool,
        root: steps === undefined ? root : undefined,
        ignore: ignored,
      }),
    )
    await list.append(body)
    list.write(hashListEnd)
    if (!host.isAlive()) return
    const c4 = await list.commit()
    next.write(printChain([...chain, { number, path: name, c4 }]))
    await next.commit()
  } finally {
    body.discard()
    list.discard()
    next.discard()
  }
}

type FileStep = Extract<Step, { kind: 'file' }>

interface Work {
  readonly kind: MhlHash
  readonly host: GenerationHost
  readonly history: History
}

/** Answers with the checksums of all together. */
async function writeEntries(
  out: Output,
  place: Place,
  work: Work,
  steps: AsyncIterable<Step>,
): Promise<DirectoryHash> {
  const { kind, host } = work
  const root = new DirectoryDigest(kind)
  const open: DirectoryDigest[] = []
  let turn = 0
  for await (const step of steps) {
    if (!host.isAlive()) break
    if (step.kind === 'file') {
      await writeFile(out, place, work, step, open.at(-1) ?? root)
    } else if (step.kind === 'enter') {
      open.push(new DirectoryDigest(kind))
    } else {
      const digest = open.pop()?.done()
      if (digest !== undefined) writeDirectory(out, kind, step, digest, open.at(-1) ?? root)
    }
    // Files that need not be read would leave nobody else a turn.
    if (++turn % 256 === 0) await new Promise(setImmediate)
  }
  const { content, structure } = root.done()
  const made = new Date()
  return { content: { kind, value: content, made }, structure: { kind, value: structure, made } }
}

function writeDirectory(
  out: Output,
  kind: MhlHash,
  step: Step,
  { content, structure }: { readonly content: string; readonly structure: string },
  around: DirectoryDigest,
): void {
  const path = sayable(step.path)
  const name = sayable(step.name)
  if (path === undefined || name === undefined) return
  around.addDirectory(name, { content, structure })
  const made = new Date()
  const hash = { content: { kind, value: content, made }, structure: { kind, value: structure, made } }
  out.write(directoryEntry(path, hash))
}

/** A file that cannot be listed is left out, and people are told. */
async function writeFile(
  out: Output,
  { tree, base }: Place,
  { kind, host, history }: Work,
  step: FileStep,
  around: DirectoryDigest,
): Promise<void> {
  const path = sayable(step.path)
  const name = sayable(step.name)
  if (path === undefined || name === undefined) {
    host.warn(step.path, 'W#J064', 'Not in the ASC MHL: XML cannot say its name')
    return
  }
  try {
    const known = host.known(step.path, step.stat)
    // What is known is of this kind.
    const checksum = kind === 'xxh128' ? known?.checksum : undefined
    const at = tree.at(joinPath(base, step.path))
    const read = checksum === undefined ? await readContents(at, kind, () => host.isAlive()) : undefined
    const value = checksum ?? read?.checksum
    if (value === undefined) {
      if (host.isAlive()) host.warn(step.path, 'W#J064', 'Not in the ASC MHL: it changes while it is read')
      return
    }
    const isSame = history.isSame(path, value)
    const action =
      isSame === undefined || (!isSame && known?.isNew === true) ? 'original' : isSame ? 'verified' : 'failed'
    if (action === 'failed') host.warn(step.path, 'W#J065', 'Not what the ASC MHL history has of it')
    const modified = new Date(Number((read?.mtime ?? step.stat.mtimeNs) / 1_000_000n))
    const size = read?.size ?? Number(step.stat.size)
    out.write(fileEntry(path, size, modified, { kind, value, made: new Date() }, action))
    around.addFile(name, value)
  } catch (error) {
    const { message } = faultOf(error, 'read', `Cannot read ${showPath(step.path)} for the ASC MHL`)
    host.warn(step.path, 'W#J064', message)
  }
}

/** A name as XML can hold it; undefined where it cannot. */
function sayable(path: BytePath): string | undefined {
  const { path: text, bytes } = printedName(path)
  return bytes === undefined && isXmlText(text) ? text : undefined
}

/** `0001_show_2026-01-31_080000Z.mhl` */
function listName(number: number, { tree, base }: Place, created: Date): string {
  const named = base === '' ? basename(tree.path) : showPath(baseName(base))
  const short = cut(isXmlText(named) ? named : 'files', 180)
  const [date = '', time = ''] = created.toISOString().split('T')
  const clock = time.slice(0, 8).replaceAll(':', '')
  return `${String(number).padStart(4, '0')}_${short === '' ? 'root' : short}_${date}_${clock}Z.mhl`
}

/** The beginning of a text that has at most so many bytes. */
function cut(text: string, bytes: number): string {
  let result = ''
  let length = 0
  for (const character of text) {
    length += Buffer.byteLength(character)
    if (length > bytes) break
    result += character
  }
  return result
}
