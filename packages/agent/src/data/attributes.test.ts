import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GivenOptions } from '@waybill/api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { knowsExtended, readExtended, setExtended } from '../platform/extended-attributes.js'
import { copy, makeTask, openPair, Side, temporaryDirectory } from './pair.fixture.js'
import { makeTree } from './tree.fixture.js'

const mib = 1024 * 1024
const isRoot = process.getuid?.() === 0

let from: Side
let to: Side
let dir: ReturnType<typeof temporaryDirectory>
let source: string
let target: string

beforeEach(() => {
  from = new Side()
  to = new Side()
  dir = temporaryDirectory()
  source = join(dir.path, 'source')
  target = join(dir.path, 'target')
  mkdirSync(source)
  mkdirSync(target)
})

afterEach(async () => {
  await Promise.all([from.engine.close(), to.engine.close()])
  dir.remove()
})

const run = async (options: GivenOptions) =>
  await copy(from, to, '', '', { from: source, to: target, options })

describe('hard links', () => {
  const links: GivenOptions = { attributes: ['times', 'permissions', 'hardlinks'] }
  const inode = (name: string) => lstatSync(join(target, name)).ino
  const link = (a: string, b: string) => linkSync(join(source, a), join(source, b))

  /** Two files with three names each, one of them in another directory, and one without. */
  function makeLinked(): void {
    makeTree(source, { 'sub/': '', a: 'small', big: randomBytes(3 * mib), alone: 'alone' })
    link('a', 'b')
    link('a', 'sub/c')
    link('big', 'big2')
    link('big', 'sub/big3')
  }

  it('stay names of one file, sent once', async () => {
    makeLinked()
    const size = 3 * (5 + 3 * mib) + 5
    const result = await run(links)
    expect(result).toMatchObject({ status: 'done', files: 7, size, sent: 5 + 5 + 3 * mib, details: [] })
    expect(new Set([inode('a'), inode('b'), inode('sub/c')]).size).toBe(1)
    expect(new Set([inode('big'), inode('big2'), inode('sub/big3'), inode('a'), inode('alone')]).size).toBe(3)
    expect(readFileSync(join(target, 'big2')).equals(readFileSync(join(source, 'big')))).toBe(true)
    expect(readdirSync(target).sort()).toEqual(['a', 'alone', 'b', 'big', 'big2', 'sub'])
  })

  it('are there already when it is done again: nothing is sent or made', async () => {
    makeLinked()
    await run(links)
    const before = ['a', 'big', 'alone'].map(inode)
    const result = await run(links)
    expect(result).toMatchObject({ status: 'done', files: 7, sent: 0, details: [] })
    expect(['a', 'big', 'alone'].map(inode)).toEqual(before)
    expect(lstatSync(join(target, 'sub/c')).nlink).toBe(3)
  })

  it('are made of copies, and are made anew where a file changed', async () => {
    makeLinked()
    expect(await run({})).toMatchObject({ status: 'done', sent: 3 * (5 + 3 * mib) + 5 })
    expect(inode('a')).not.toBe(inode('b'))
    expect(await run(links)).toMatchObject({ status: 'done', sent: 0 })
    expect(inode('a')).toBe(inode('b'))
    writeFileSync(join(source, 'a'), 'other')
    utimesSync(join(source, 'a'), 1_700_000_100, 1_700_000_100)
    expect(await run(links)).toMatchObject({ status: 'done', sent: 5 })
    expect([inode('b'), inode('sub/c')]).toEqual([inode('a'), inode('a')])
    expect(readFileSync(join(target, 'sub/c'), 'utf8')).toBe('other')
  })

  it('that are no longer any at the source become files of their own', async () => {
    makeLinked()
    await run(links)
    rmSync(join(source, 'b'))
    makeTree(source, { b: 'alone now' })
    expect(await run(links)).toMatchObject({ status: 'done', sent: 9 })
    expect(readFileSync(join(target, 'b'), 'utf8')).toBe('alone now')
    expect(readFileSync(join(target, 'a'), 'utf8')).toBe('small')
  })

  it('survive a first name that fails: the next one takes its part', async () => {
    makeLinked()
    // Whichever name comes first, one of them cannot be written.
    mkdirSync(join(target, 'a'))
    const result = await run(links)
    expect(result).toMatchObject({ status: 'failed', code: 'E#J057', files: 6 })
    expect(inode('b')).toBe(inode('sub/c'))
    expect(readFileSync(join(target, 'b'), 'utf8')).toBe('small')
  })

  it('do not replace what is to be left alone', async () => {
    makeLinked()
    for (const name of ['a', 'b']) writeFileSync(join(target, name), 'mine')
    expect(await run({ ...links, ignoreExisting: true })).toMatchObject({ status: 'done' })
    expect(readFileSync(join(target, 'b'), 'utf8')).toBe('mine')
    // `c` is a name of what the source has, and the first name of it is something else here.
    expect(readFileSync(join(target, 'sub/c'), 'utf8')).toBe('small')
  })

  it('that were never finished do not lead later data into the file that they are a name of', async () => {
    const content = randomBytes(9 * mib)
    makeTree(source, { big: content })
    const pair = await openPair(from, to, { rate: 16 * mib })
    const task = makeTask('big', 'big', { from: source, to: target })
    from.engine.tasks(pair.session, [task.source])
    to.engine.tasks(pair.session, [task.target])
    await to.until(() => ((to.progress.get(pair.session)?.sent ?? 0) >= 2 * mib ? true : undefined))
    await to.engine.stop(pair.session, 'enough')
    // As a crash between the link and its rename leaves it, with the journal of a part that was there before.
    const part = readdirSync(target).find((name) => name.endsWith('.part')) ?? ''
    rmSync(join(target, part))
    writeFileSync(join(target, 'other'), randomBytes(9 * mib))
    const other = readFileSync(join(target, 'other'))
    linkSync(join(target, 'other'), join(target, part))
    expect(await run({})).toMatchObject({ status: 'done', sent: content.length })
    expect(readFileSync(join(target, 'other')).equals(other)).toBe(true)
    expect(readFileSync(join(target, 'big')).equals(content)).toBe(true)
    expect(readdirSync(target).sort()).toEqual(['big', 'other'])
  })

  it('with names outside of the task, and by the hundred', async () => {
    makeTree(source, { 'd/': '', first: 'x' })
    for (let i = 0; i < 300; i++) link('first', `d/${i}`)
    linkSync(join(source, 'first'), join(dir.path, 'outside'))
    expect(await run(links)).toMatchObject({ status: 'done', files: 301, sent: 1 })
    expect(lstatSync(join(target, 'first')).nlink).toBe(301)
  })

  it('are copies without the setting, at either side', async () => {
    makeLinked()
    expect(await run({})).toMatchObject({ status: 'done' })
    expect(lstatSync(join(target, 'a')).nlink).toBe(1)
  })
})

/** Why extended attributes cannot be seen here, if so. */
function lacking(): string | undefined {
  if (!knowsExtended()) return 'this system has no calls for them'
  const path = join(tmpdir(), `waybill-xattr-${process.pid}`)
  const fd = openSync(path, 'w')
  try {
    setExtended(fd, { name: 'user.probe', value: Buffer.from('x') })
    return undefined
  } catch (error) {
    return `the file system has none: ${String(error)}`
  } finally {
    closeSync(fd)
    rmSync(path)
  }
}
const why = lacking()
if (why !== undefined) console.warn(`Tests of extended attributes are skipped: ${why}`)

describe.skipIf(why !== undefined)('extended attributes', () => {
  const extended: GivenOptions = { attributes: ['times', 'permissions', 'xattr'] }

  function set(path: string, name: string, value: string | Buffer): void {
    const fd = openSync(path, 'r')
    setExtended(fd, { name, value: Buffer.from(value) })
    closeSync(fd)
  }

  function get(name: string): Record<string, string> {
    const fd = openSync(join(target, name), 'r')
    const { attributes } = readExtended(fd, () => true)
    closeSync(fd)
    return Object.fromEntries(attributes.map((each) => [each.name, each.value.toString('latin1')]))
  }

  it('of users come along, of files and directories', async () => {
    makeTree(source, { 'sub/': '', a: 'a', 'sub/big': randomBytes(2 * mib) })
    set(join(source, 'a'), 'user.colour', 'blue')
    set(join(source, 'a'), 'user.empty', '')
    set(join(source, 'sub/big'), 'user.bytes', Buffer.from([0, 255, 10]))
    set(join(source, 'sub'), 'user.of', 'a directory')
    const time = statSync(join(source, 'a')).mtimeMs
    expect(await run(extended)).toMatchObject({ status: 'done', files: 2, details: [] })
    expect(get('a')).toEqual({ 'user.colour': 'blue', 'user.empty': '' })
    expect(get('sub/big')).toEqual({ 'user.bytes': '\0\xff\n' })
    expect(get('sub')).toEqual({ 'user.of': 'a directory' })
    expect(statSync(join(target, 'a')).mtimeMs).toBe(time)
  })

  it('stay behind without the setting', async () => {
    makeTree(source, { a: 'a' })
    set(join(source, 'a'), 'user.colour', 'blue')
    expect(await run({})).toMatchObject({ status: 'done', details: [] })
    expect(get('a')).toEqual({})
  })

  it('come along to a file that nobody may write, too', async () => {
    makeTree(source, { a: 'a' })
    set(join(source, 'a'), 'user.colour', 'blue')
    chmodSync(join(source, 'a'), 0o444)
    expect(await run({ attributes: ['times', 'mode', 'xattr'] })).toMatchObject({
      status: 'done',
      details: [],
    })
    expect(get('a')).toEqual({ 'user.colour': 'blue' })
  })

  it.skipIf(!isRoot)('of the system stay behind: no program gets rights by a copy', async () => {
    makeTree(source, { a: 'a' })
    set(join(source, 'a'), 'trusted.secret', 'x')
    // CAP_NET_RAW, as in vfs_cap_data of version 2.
    set(
      join(source, 'a'),
      'security.capability',
      Buffer.from('0100000200200000000000000000000000000000', 'hex'),
    )
    expect(await run({ attributes: ['times', 'mode', 'owner', 'xattr'] })).toMatchObject({ status: 'done' })
    expect(Object.keys(get('a')).filter((name) => /^(trusted|security\.capability)/.test(name))).toEqual([])
  })

  /** As in acl(5): the owner rw, user 1234 r, group r, mask r, others nothing. Tag, rights, id of each. */
  const acl = Buffer.from(
    [
      '02000000',
      '01000600ffffffff',
      '02000400d2040000',
      '04000400ffffffff',
      '10000400ffffffff',
      '20000000ffffffff',
    ].join(''),
    'hex',
  )

  it.skipIf(!isRoot)('with access lists where exact modes are asked for', async () => {
    makeTree(source, { a: 'a' })
    try {
      set(join(source, 'a'), 'system.posix_acl_access', acl)
    } catch (error) {
      console.warn(`The test of access lists is skipped: ${String(error)}`)
      return
    }
    expect(await run(extended)).toMatchObject({ status: 'done' })
    expect(get('a')).toEqual({})
    rmSync(join(target, 'a'))
    expect(await run({ attributes: ['times', 'mode', 'xattr'] })).toMatchObject({
      status: 'done',
      details: [],
    })
    expect(Object.keys(get('a'))).toEqual(['system.posix_acl_access'])
  })

  it('that the file system has no room for are warnings', async () => {
    makeTree(source, { a: 'a', b: 'b' })
    let tooLarge = false
    try {
      set(join(source, 'a'), 'user.large', Buffer.alloc(65_000, 1))
      set(join(source, 'a'), 'user.more', Buffer.alloc(3000, 1))
      tooLarge = true
    } catch {
      // This file system takes less than we do.
    }
    const result = await run(extended)
    expect(result).toMatchObject({ status: 'done', files: 2 })
    expect(result.details.map(({ path, code }) => [path, code])).toEqual(tooLarge ? [['a', 'W#J060']] : [])
  })
})
