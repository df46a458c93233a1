import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, type Dirent } from 'node:fs'
import { mkdir, open, readdir, readlink, stat, utimes, writeFile } from 'node:fs/promises'

/** What a tree holds, by path beneath its root; paths are bytes, written as Latin-1 so that none is lost. */
export type Tree = ReadonlyMap<string, TreeEntry>

export interface TreeEntry {
  readonly kind: 'file' | 'directory' | 'link' | 'other'
  readonly size: number
  /** SHA-1 of a file's content, the target of a link. */
  readonly content: string
  /** Whole milliseconds. */
  readonly mtime: number
}

/** Reads a tree as it is, following nothing. */
export async function readTree(root: string): Promise<Tree> {
  const tree = new Map<string, TreeEntry>()
  await readInto(tree, Buffer.from(root), '')
  return tree
}

async function readInto(tree: Map<string, TreeEntry>, dir: Buffer, prefix: string): Promise<void> {
  // The types know of no names in bytes together with kinds.
  const listed: unknown = await readdir(dir, { withFileTypes: true, encoding: 'buffer' })
  for (const entry of listed as Dirent<Buffer>[]) {
    const path = Buffer.concat([dir, Buffer.from('/'), entry.name])
    const name = prefix + entry.name.toString('latin1')
    if (entry.isDirectory()) {
      tree.set(name, { kind: 'directory', size: 0, content: '', mtime: 0 })
      await readInto(tree, path, `${name}/`)
    } else if (entry.isFile()) {
      const { size, mtimeMs } = await stat(path)
      tree.set(name, { kind: 'file', size, content: await hashOf(path), mtime: Math.floor(mtimeMs) })
    } else if (entry.isSymbolicLink()) {
      tree.set(name, { kind: 'link', size: 0, content: await readlink(path), mtime: 0 })
    } else {
      tree.set(name, { kind: 'other', size: 0, content: '', mtime: 0 })
    }
  }
}

/** SHA-1 of a file's content, in hex. */
export async function hashOf(path: string | Buffer): Promise<string> {
  const hash = createHash('sha1')
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }))
    hash.update(chunk as Buffer)
  return hash.digest('hex')
}

export interface CompareOptions {
  /** Entries of the first tree that the second need not have; symbolic links are never copied. */
  readonly without?: (path: string, entry: TreeEntry) => boolean
}

/** What the second tree has otherwise than the first, one line each; empty when they are equal. */
export function differences(expected: Tree, actual: Tree, options: CompareOptions = {}): string[] {
  const lines: string[] = []
  for (const [path, want] of expected) {
    if (options.without?.(path, want)) continue
    const have = actual.get(path)
    if (have === undefined) lines.push(`missing: ${JSON.stringify(path)}`)
    else lines.push(...compare(path, want, have))
  }
  for (const [path, entry] of actual) {
    const want = expected.get(path)
    if (want === undefined || options.without?.(path, want))
      lines.push(`not wanted: ${entry.kind} ${JSON.stringify(path)}`)
  }
  return lines
}

function compare(path: string, want: TreeEntry, have: TreeEntry): string[] {
  const at = JSON.stringify(path)
  if (want.kind !== have.kind) return [`${at}: ${have.kind} instead of ${want.kind}`]
  if (want.size !== have.size) return [`${at}: ${have.size} bytes instead of ${want.size}`]
  if (want.content !== have.content) return [`${at}: other content`]
  // Seconds as floating point lose the last bits of a nanosecond stamp.
  if (Math.abs(want.mtime - have.mtime) > 1) return [`${at}: modified ${have.mtime} instead of ${want.mtime}`]
  return []
}

/** A generator of numbers in [0, 1) that gives the same ones for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A moment in the past that differs from file to file, whole milliseconds. */
function moment(random: () => number): Date {
  return new Date(Date.UTC(2020, 0, 1) + Math.floor(random() * 100_000_000_000))
}

/** Writes `size` bytes that no compression shortens. */
export async function makeFile(path: string | Buffer, size: number, seed = 1): Promise<void> {
  const random = seeded(seed)
  const block = randomBytes(Math.min(size, 1024 * 1024))
  const file = await open(path, 'w')
  try {
    for (let done = 0; done < size; done += block.length) {
      // No two blocks alike, so that a block that lands in the wrong place shows.
      if (block.length >= 8) block.writeDoubleLE(random(), 0)
      await file.write(block, 0, Math.min(block.length, size - done))
    }
  } finally {
    await file.close()
  }
  const when = moment(random)
  await utimes(path, when, when)
}

/** `count` files of `size` bytes each, in folders of a hundred. */
export async function makeManyFiles(root: string, count: number, size: number, seed = 1): Promise<void> {
  const random = seeded(seed)
  const content = randomBytes(size)
  for (let index = 0; index < count; index += 1) {
    const dir = `${root}/d${String(Math.floor(index / 100)).padStart(4, '0')}`
    if (index % 100 === 0) await mkdir(dir, { recursive: true })
    if (size >= 8) content.writeDoubleLE(random(), 0)
    const path = `${dir}/f${String(index).padStart(6, '0')}`
    await writeFile(path, content)
  }
}

/** A numbered sequence as `name.%04d.ext`. */
export async function makeSequence(
  dir: string,
  pattern: string,
  [first, last]: readonly [number, number],
  size: number,
): Promise<void> {
  await mkdir(dir, { recursive: true })
  for (let frame = first; frame <= last; frame += 1) {
    const name = pattern.replace(/%0(\d)d/, (_, width: string) => String(frame).padStart(Number(width), '0'))
    await makeFile(`${dir}/${name}`, size, frame)
  }
}

/** Names that break careless programs. Bytes that are no UTF-8 exist only where the system takes them. */
const oddNames: readonly (string | Buffer)[] = [
  'with space.txt',
  ' leading and trailing ',
  'umlaut äöüß.txt',
  // The same letters composed in two ways are two names.
  'e\u0301 decomposed.txt',
  '\u00e9 composed.txt',
  '東京.mov',
  'emoji 🎬.mov',
  'new\nline.txt',
  'tab\there.txt',
  'quote " and \' and `.txt',
  'back\\slash.txt',
  'percent %2e%2e %s %d.txt',
  'star * question ? [bracket] {brace}.txt',
  '-rf',
  '--help',
  '~',
  '...',
  '.hidden',
  'colon: C:name.txt',
  '#comment;semicolon&amp|pipe$HOME',
  'CON',
  `${'n'.repeat(251)}.txt`,
  'ü'.repeat(127),
]
const rawNames: readonly Buffer[] = [
  Buffer.from([0xff, 0xfe, 0x80, 0x2e, 0x62, 0x69, 0x6e]),
  Buffer.concat([Buffer.from('latin1 '), Buffer.from([0xe4, 0xf6, 0xfc])]),
  Buffer.from([0x01, 0x02, 0x7f]),
]

/**
 * A tree of everything that has to survive: odd names as files and as directories, empty files and
 * directories, sizes around the usual block sizes, deep paths, a sequence. About two megabytes.
 */
export async function makeOddTree(root: string, seed = 1): Promise<void> {
  const random = seeded(seed)
  await mkdir(root, { recursive: true })
  const names = process.platform === 'linux' ? [...oddNames, ...rawNames] : oddNames
  await mkdir(`${root}/names`)
  await mkdir(`${root}/directories`)
  for (const [index, name] of names.entries()) {
    const bytes = typeof name === 'string' ? Buffer.from(name) : name
    await makeFile(
      Buffer.concat([Buffer.from(`${root}/names/`), bytes]),
      Math.floor(random() * 5000),
      index + seed,
    )
    const dir = Buffer.concat([Buffer.from(`${root}/directories/`), bytes])
    await mkdir(dir)
    await makeFile(Buffer.concat([dir, Buffer.from('/inside')]), index, index + seed)
  }
  await mkdir(`${root}/empty/directory/in/a/directory`, { recursive: true })
  await makeFile(`${root}/empty/file`, 0)
  const deep = `${root}/${Array.from({ length: 40 }, (_, level) => `level${level}`).join('/')}`
  await mkdir(deep, { recursive: true })
  await makeFile(`${deep}/bottom`, 100)
  await mkdir(`${root}/sizes`)
  for (const size of [1, 4095, 4096, 4097, 65_535, 65_536, 65_537, 1_048_577])
    await makeFile(`${root}/sizes/${size}`, size, size)
  await makeSequence(`${root}/sequence`, 'shot.%04d.exr', [98, 107], 20_000)
}
