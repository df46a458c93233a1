import { createHash } from 'node:crypto'
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { GivenOptions } from '@waybill/api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { c4OfDigest } from '../manifest/mhl/c4.js'
import { HashListReader, type HashSeen, parseChain } from '../manifest/mhl/read-xml.js'
import { hash128 } from '../transfer/hash.js'
import { copy, makeTask, openPair, Side, temporaryDirectory } from './pair.fixture.js'
import { makeTree } from './tree.fixture.js'

let dir: { path: string; remove: () => void }
let from: Side
let to: Side
beforeEach(() => {
  dir = temporaryDirectory()
  from = new Side()
  to = new Side({ manifests: join(dir.path, 'manifests') })
})
afterEach(async () => {
  await Promise.all([from.engine.close(), to.engine.close()])
  dir.remove()
})

const at = (...parts: string[]) => join(dir.path, ...parts)

const files = {
  'src/a.txt': 'first',
  'src/deep/"b" & <c>.txt': 'second',
  'src/deep/down/large.bin': Buffer.from(Array.from({ length: 1_500_000 }, (_, index) => index % 241)),
  'src/nothing/': '',
}

async function send(options: GivenOptions = {}, source = at('src'), target = at('dst', 'show')) {
  return await copy(from, to, source, target, { options: { mhl: 'xxh128', ...options } })
}

/** The generations of a folder, as its chain lists them; each has to be the file that the chain says. */
function generations(folder: string): { readonly text: string; readonly seen: HashSeen[] }[] {
  const chain = parseChain(readFileSync(join(folder, 'ascmhl/ascmhl_chain.xml'), 'utf8'))
  expect(chain.map(({ number }) => number)).toEqual(chain.map((_, index) => index + 1))
  expect(readdirSync(join(folder, 'ascmhl')).sort()).toEqual(
    [...chain.map(({ path }) => path), 'ascmhl_chain.xml'].sort(),
  )
  return chain.map(({ path, c4 }) => {
    const bytes = readFileSync(join(folder, 'ascmhl', path))
    expect(c4OfDigest(createHash('sha512').update(bytes).digest())).toBe(c4)
    const seen: HashSeen[] = []
    const reader = new HashListReader((hash) => seen.push(hash))
    reader.push(bytes.toString())
    reader.end()
    return { text: bytes.toString(), seen }
  })
}

function listed(action: (path: string) => string, sum = (bytes: Buffer) => hash128(bytes).toString('hex')) {
  return Object.entries(files)
    .filter(([path]) => !path.endsWith('/'))
    .map(([path, content]) => {
      const name = path.replace('src/', '')
      return `${action(name)} ${sum(Buffer.from(content))} ${name}`
    })
}

const shown = (seen: readonly HashSeen[] = []) =>
  seen.map(({ action, value, path }) => `${action} ${value} ${path}`)

describe('ASC MHL', () => {
  beforeEach(() => makeTree(dir.path, files))

  it('has a generation per transfer, each of which knows the ones before', async () => {
    expect(await send()).toMatchObject({ status: 'done', details: [] })
    const [first] = generations(at('dst/show'))
    expect(shown(first?.seen)).toEqual(listed(() => 'original'))
    expect(first?.text).toContain('<roothash>')
    expect(first?.text.match(/<directoryhash>\s*<path>[^<]*/g)?.map((one) => one.split('>').at(-1))).toEqual([
      'deep/down',
      'deep',
      'nothing',
    ])

    writeFileSync(at('src/a.txt'), 'another')
    await send()
    const [, second] = generations(at('dst/show'))
    const other = hash128(Buffer.from('another')).toString('hex')
    expect(shown(second?.seen)).toEqual(
      listed((path) => (path === 'a.txt' ? 'original' : 'verified')).map((line) =>
        line.endsWith(' a.txt') ? `original ${other} a.txt` : line,
      ),
    )
  })

  it('tells of a file that changed at the destination by itself', async () => {
    await send()
    rmSync(at('manifests'), { recursive: true })
    writeFileSync(at('dst/show/a.txt'), 'fIRST')
    utimesSync(at('dst/show/a.txt'), 1_700_000_000.25, 1_700_000_000.25)
    const { status, details } = await send()
    expect(status).toBe('done')
    expect(details).toMatchObject([{ path: 'a.txt', code: 'W#J065' }])
    const [, second] = generations(at('dst/show'))
    expect(second?.seen.filter(({ action }) => action === 'failed').map(({ path }) => path)).toEqual([
      'a.txt',
    ])
  })

  it.each(['md5', 'sha1'] as const)('has other checksums, as %s, read from the disk', async (mhl) => {
    await send({ mhl })
    const sum = (bytes: Buffer) => createHash(mhl).update(bytes).digest('hex')
    expect(shown(generations(at('dst/show'))[0]?.seen)).toEqual(listed(() => 'original', sum))
  })

  it('lists all that is there, also what came before', async () => {
    makeTree(dir.path, {
      'dst/show/before.txt': 'before',
      'dst/show/.DS_Store': 'x',
      'dst/show/deep/old': 'old',
    })
    symlinkSync('/etc/hostname', at('dst/show/link'))
    await send()
    const paths = generations(at('dst/show'))[0]?.seen.map(({ path }) => path)
    expect(paths).toEqual(['a.txt', 'before.txt', 'deep/"b" & <c>.txt', 'deep/down/large.bin', 'deep/old'])
  })

  it('stays when one-way sync deletes what the source lacks, and goes on where the source has a history', async () => {
    await send()
    await send({ mode: 'onewaysync', trash: { kind: 'none' } })
    expect(generations(at('dst/show'))).toHaveLength(2)
    // The copy is sent on, with its history.
    await send({}, at('dst/show'), at('far/show'))
    expect(generations(at('far/show'))).toHaveLength(3)
    expect(shown(generations(at('far/show'))[2]?.seen)).toEqual(listed(() => 'verified'))
    await send({}, at('dst/show'), at('far/show'))
    expect(generations(at('far/show'))).toHaveLength(4)
  })

  it('is one of files that come together, in the folder that they lie in', async () => {
    const pair = await openPair(from, to)
    const tasks = Array.from({ length: 20 }, (_, index) => {
      writeFileSync(at('src', `${index}.txt`), `${index}`)
      const options = { options: { mhl: 'xxh64' as const } }
      return makeTask(at('src', `${index}.txt`), at('dst', `${index}.txt`), options)
    })
    from.engine.tasks(
      pair.session,
      tasks.map(({ source }) => source),
    )
    to.engine.tasks(
      pair.session,
      tasks.map(({ target }) => target),
    )
    await Promise.all(tasks.map(({ id }) => to.result(id)))
    const lists = generations(at('dst'))
    expect(lists.length).toBeLessThan(20)
    expect(
      lists
        .flatMap(({ seen }) => seen)
        .map(({ path }) => path)
        .sort(),
    ).toEqual(tasks.map((_, index) => `${index}.txt`).sort())
    expect(lists[0]?.text).not.toContain('<roothash>')
  })

  it('is of the frames of a sequence alone, among others', async () => {
    makeTree(dir.path, { 'src/f.1.exr': 'one', 'src/f.2.exr': 'two', 'dst/show/other.exr': 'other' })
    await send({}, at('src', 'f.%01d.exr[1-2]'), at('dst/show'))
    const [first] = generations(at('dst/show'))
    expect(first?.seen.map(({ path }) => path)).toEqual(['f.1.exr', 'f.2.exr'])
  })

  it('tells when a generation before it is lost, and goes on', async () => {
    await send()
    const [list = ''] = readdirSync(at('dst/show/ascmhl'))
    writeFileSync(at('dst/show/ascmhl', list), '<hashlist>')
    expect((await send()).details).toMatchObject([{ code: 'W#J064' }])
    expect(readdirSync(at('dst/show/ascmhl'))).toHaveLength(3)
  })

  it('is not written where its chain cannot be understood, and that fails the task', async () => {
    makeTree(dir.path, { 'dst/show/ascmhl/ascmhl_chain.xml': '<ascmhldirectory>' })
    expect(await send()).toMatchObject({ status: 'failed', code: 'E#J057' })
    expect(readdirSync(at('dst/show/ascmhl'))).toEqual(['ascmhl_chain.xml'])
  })

  it('never leads out of its folder', async () => {
    mkdirSync(at('outside'))
    mkdirSync(at('dst/show'), { recursive: true })
    symlinkSync(at('outside'), at('dst/show/ascmhl'))
    expect(await send()).toMatchObject({ status: 'failed', code: 'E#J057' })
    expect(readdirSync(at('outside'))).toEqual([])
    expect(lstatSync(at('dst/show/ascmhl')).isSymbolicLink()).toBe(true)
  })

  it('tells of names that XML cannot say', async () => {
    writeFileSync(at('src', 'bell\u0007'), 'ring')
    const { status, details } = await send()
    expect(status).toBe('done')
    expect(details).toMatchObject([{ code: 'W#J064' }])
    expect(generations(at('dst/show'))[0]?.seen).toHaveLength(3)
  })
})
