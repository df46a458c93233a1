import { closeSync, ftruncateSync, linkSync, mkdirSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { GivenOptions } from '@waybill/api'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { copy, Side, temporaryDirectory } from './pair.fixture.js'

const mib = 1024 * 1024
/** Names in the large tree: with WAYBILL_FILES=1000000 a million, which takes many minutes. */
const many = Number(process.env.WAYBILL_FILES ?? 3000)
/** What both sides together may hold beside what a small tree took: their windows of entries; MB. */
const allowed = 64

let from: Side
let to: Side
let dir: ReturnType<typeof temporaryDirectory>

beforeEach(() => {
  from = new Side()
  to = new Side()
  dir = temporaryDirectory()
})

afterEach(async () => {
  await Promise.all([from.engine.close(), to.engine.close()])
  dir.remove()
})

setFlagsFromString('--expose-gc')

/** Runs it, and answers with the most memory that was in use meanwhile, garbage not counted; MB. */
async function peakOf(work: () => Promise<unknown>): Promise<number> {
  let peak = 0
  const look = () => {
    runInNewContext('gc()')
    const { heapUsed, external } = process.memoryUsage()
    peak = Math.max(peak, (heapUsed + external) / mib)
  }
  const timer = setInterval(look, 200)
  try {
    await work()
  } finally {
    look()
    clearInterval(timer)
  }
  return Math.round(peak)
}

/** Files of nothing, each with hundreds of names so that a large tree is made and removed fast. */
function makeTree(name: string, names: number): string {
  const root = join(dir.path, name)
  let file = ''
  for (let i = 0; i < names; i++) {
    const folder = join(root, `folder-${Math.floor(i / 1000)}`)
    if (i % 1000 === 0) {
      mkdirSync(folder, { recursive: true })
      file = join(folder, 'a-file-with-a-name-of-usual-length.txt')
      closeSync(openSync(file, 'w'))
    } else {
      linkSync(file, join(folder, `a-file-with-a-name-of-usual-length-${i}.txt`))
    }
  }
  return root
}

async function run(source: string, target: string, more: GivenOptions = {}): Promise<void> {
  const options: GivenOptions = { manifest: 'none', ...more }
  const result = await copy(from, to, source, target, { options })
  if (result.status !== 'done') throw new Error(`${result.code}: ${result.message}`)
}

it(`of a tree of ${many} files is that of a small one, also where links are kept`, {
  timeout: 600_000,
}, async () => {
  const links: GivenOptions = { attributes: ['times', 'permissions', 'hardlinks'] }
  const few = makeTree('few', 500)
  const small = await peakOf(async () => {
    await run(few, join(dir.path, 'out-few'), links)
    await run(few, join(dir.path, 'out-few'))
  })
  rmSync(few, { recursive: true })
  const tree = makeTree('many', many)
  const first = await peakOf(() => run(tree, join(dir.path, 'out'), links))
  const again = await peakOf(() => run(tree, join(dir.path, 'out'), links))
  const plain = await peakOf(() => run(tree, join(dir.path, 'out')))
  if (process.env.WAYBILL_FILES !== undefined) console.info({ many, small, first, again, plain })
  for (const peak of [first, again, plain]) expect(peak - small).toBeLessThan(allowed)
})

it('of a file of 100 GB is that of a small one, also where it is compared', {
  timeout: 120_000,
}, async () => {
  const make = (name: string, size: number) => {
    const fd = openSync(join(dir.path, name), 'w')
    for (let i = 0; i < 5; i++) writeSync(fd, Buffer.alloc(mib, i + 1), 0, mib, Math.floor((size / 5) * i))
    ftruncateSync(fd, size)
    closeSync(fd)
    return join(dir.path, name)
  }
  const probe = make('small', 100e6)
  if (statSync(probe).blocks * 512 > 50e6) {
    console.warn('The memory of large files is not tested: the file system has no holes')
    return
  }
  const small = await peakOf(() => run(probe, join(dir.path, 'out-small')))
  const large = make('large', 100e9)
  const first = await peakOf(() => run(large, join(dir.path, 'out')))
  const compared = await peakOf(() => run(large, join(dir.path, 'out'), { comparison: 'checksum' }))
  for (const peak of [first, compared]) expect(peak - small).toBeLessThan(allowed)
})
