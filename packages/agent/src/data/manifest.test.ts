import {
  appendFileSync,
  linkSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { GivenOptions, ManifestLine } from '@waybill/api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
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
  'src/small.txt': 'small',
  'src/empty': '',
  'src/deep/down/"quoted" & <é>.bin': Buffer.alloc(3000, 7),
  'src/large.bin': Buffer.from(Array.from({ length: 2_600_000 }, (_, at) => at % 251)),
  'src/sparse.bin': Buffer.concat([Buffer.alloc(3_000_000), Buffer.from('end')]),
}

async function send(options: GivenOptions = {}, source = at('src'), target = at('dst', 'copy')) {
  to.manifest.length = 0
  return await copy(from, to, source, target, { options })
}

function described(): Map<string, string> {
  return new Map(
    to.manifest.map(({ path, size, mtime, state, checksum }) => [
      path,
      `${size} ${mtime.slice(0, 13)} ${state} ${checksum ?? ''}`,
    ]),
  )
}

/** What a manifest says of the files of `files`, as somebody else makes it. */
function expected(state: (path: string) => ManifestLine['state']): Map<string, string> {
  return new Map(
    Object.entries(files).map(([path]) => {
      const bytes = readFileSync(at(path))
      const name = path.replace(/^src/, 'copy')
      const known = state(name)
      const checksum = known === 'present' ? '' : hash128(bytes).toString('hex')
      return [name, `${bytes.length} 1700000000250 ${known} ${checksum}`]
    }),
  )
}

describe('the manifest of a task', () => {
  beforeEach(() => makeTree(dir.path, files))

  it('has every file once, with its size, time and checksum', async () => {
    expect(await send()).toMatchObject({ status: 'done', files: 5 })
    expect(described()).toEqual(expected(() => 'transferred'))
    expect(to.manifest).toHaveLength(5)
  })

  it('lists what was there already, without its checksum', async () => {
    await send()
    writeFileSync(at('src/small.txt'), 'other')
    utimesSync(at('src/small.txt'), 1_700_000_000.25, 1_700_000_000.25)
    utimesSync(at('dst/copy/small.txt'), 1, 1)
    rmSync(at('manifests'), { recursive: true })
    await send()
    expect(described()).toEqual(expected((path) => (path === 'copy/small.txt' ? 'transferred' : 'present')))
  })

  it.each<GivenOptions>([{ manifest: 'all' }, { comparison: 'checksum' }])(
    'reads it with %j',
    async (options) => {
      await send({ manifest: 'none' })
      expect(to.manifest).toEqual([])
      await send(options)
      const state = (path: string) =>
        path === 'copy/empty' && options.comparison !== undefined ? 'present' : 'read'
      expect(described()).toEqual(expected(state))
    },
  )

  it('tells what is really there where another size or time will do', async () => {
    await send()
    appendFileSync(at('dst/copy/small.txt'), ' and longer')
    utimesSync(at('dst/copy/small.txt'), 1, 1)
    rmSync(at('manifests'), { recursive: true })
    await send({ ignoreExisting: true })
    expect(described().get('copy/small.txt')).toBe('16 1000000000 present ')
  })

  it('is of one file, by the name that it got', async () => {
    await send({}, at('src/large.bin'), at('dst/renamed.bin'))
    const checksum = hash128(files['src/large.bin']).toString('hex')
    expect(to.manifest).toMatchObject([{ path: 'renamed.bin', size: 2_600_000, checksum }])
  })

  it('says so where a file cannot be read for it', async () => {
    await send({ manifest: 'none' })
    rmSync(at('dst/copy/small.txt'))
    writeFileSync(at('dst/copy/small.txt'), 'small', { mode: 0 })
    utimesSync(at('dst/copy/small.txt'), 1_700_000_000.25, 1_700_000_000.25)
    if (process.getuid?.() === 0) return
    expect((await send({ manifest: 'all' })).details).toMatchObject([{ code: 'W#J064' }])
  })
})

describe('after a run that was cut off', () => {
  beforeEach(() => makeTree(dir.path, files))

  /** The records of the run before, as they may be after a kill: `keep` says of each line. */
  function cutOff(keep: (line: string) => boolean): void {
    const [job = ''] = readdirSync(at('manifests'))
    const [record = ''] = readdirSync(at('manifests', job))
    const text = readFileSync(at('manifests', job, record), 'utf8')
    const lines = text.split('\n').filter((line) => line !== '' && keep(line))
    rmSync(at('manifests', job, record))
    const began = record.split('-')[1] ?? ''
    writeFileSync(at('manifests', job, `0-${began}`), `${lines.join('\n')}\n[0,"torn`)
  }

  it('what it wrote down is believed, and nothing is read again', async () => {
    await send()
    const index = to.manifest[0]?.task ?? 0
    cutOff(() => true)
    const content = Buffer.from(files['src/large.bin'])
    content[5] = 99
    // Nobody looks: it would have another checksum.
    writeFileSync(at('dst/copy/large.bin'), content)
    utimesSync(at('dst/copy/large.bin'), 1_700_000_000.25, 1_700_000_000.25)
    renumber(index)
    await send()
    expect(described()).toEqual(expected(() => 'transferred'))
  })

  it('what came with it and was not written down is read', async () => {
    await send()
    const index = to.manifest[0]?.task ?? 0
    cutOff((line) => !line.includes('large') && !line.includes('quoted'))
    renumber(index)
    await send()
    const lost = ['copy/large.bin', 'copy/deep/down/"quoted" & <é>.bin']
    expect(described()).toEqual(expected((path) => (lost.includes(path) ? 'read' : 'transferred')))
  })

  it('what came before anything was written down is read', async () => {
    await send({ manifest: 'none' })
    cutOff(() => true)
    await send()
    expect(described()).toEqual(expected(() => 'read'))
  })

  it('what it wrote down of another destination is not', async () => {
    await send()
    const index = to.manifest[0]?.task ?? 0
    cutOff(() => true)
    renumber(index)
    // The task got another destination since, where something else is of the same size and time.
    makeTree(dir.path, { 'other/copy/small.txt': 'SMALL' })
    await send({}, at('src'), at('other/copy'))
    const checksum = hash128(Buffer.from('SMALL')).toString('hex')
    expect(described().get('copy/small.txt')).toBe(`5 1700000000250 read ${checksum}`)
  })

  it('what was there before it is not', async () => {
    await send({ manifest: 'none' })
    const [past] = [Date.now() + 3_600_000]
    await send()
    cutOff(() => false)
    const [job = ''] = readdirSync(at('manifests'))
    const [record = ''] = readdirSync(at('manifests', job))
    // As if it had begun later than the files were written.
    rmSync(at('manifests', job, record))
    writeFileSync(at('manifests', job, `0-${past}.lines`), '')
    await send()
    expect(described()).toEqual(expected(() => 'present'))
  })

  /** The next task of these tests has another index. */
  function renumber(index: number): void {
    const [job = ''] = readdirSync(at('manifests'))
    const [record = ''] = readdirSync(at('manifests', job))
    const path = at('manifests', job, record)
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(`[${index},`, `[${index + 1},`))
  }
})

it('the checksum of a file that went on where it was is of all of it', async () => {
  makeTree(dir.path, {
    'big.bin': Buffer.from(Array.from({ length: 12_000_000 }, (_, at) => (at * 7) % 253)),
  })
  const options = { options: { delta: 'never' as const } }
  const pair = await openPair(from, to, { rate: 5e6 })
  const task = makeTask(at('big.bin'), at('dst/big.bin'), options)
  from.engine.tasks(pair.session, [task.source])
  to.engine.tasks(pair.session, [task.target])
  await to.until(() => ((to.progress.get(pair.session)?.bytes ?? 0) > 3e6 ? true : undefined))
  await to.engine.stop(pair.session, 'the middle')
  await from.ended(pair.session)
  const { skipped } = await copy(from, to, at('big.bin'), at('dst/big.bin'), options)
  expect(skipped).toBeGreaterThan(2e6)
  const checksum = hash128(readFileSync(at('big.bin'))).toString('hex')
  expect(to.manifest).toMatchObject([{ checksum, state: 'transferred' }])
})

it('another name of a file has the checksum of its contents', async () => {
  makeTree(dir.path, { 'src/a': 'contents' })
  linkSync(at('src/a'), at('src/b'))
  await send({ attributes: ['times', 'permissions', 'hardlinks'] })
  const checksum = hash128(Buffer.from('contents')).toString('hex')
  expect(to.manifest.map((line) => line.checksum)).toEqual([checksum, checksum])
})
