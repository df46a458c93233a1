import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GivenOptions } from '@waybill/api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Holes } from '../platform/contents/holes.js'
import { copy, makeTask, openPair, Side, temporaryDirectory } from './pair.fixture.js'

const mib = 1024 * 1024
const gib = 1024 * mib

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

/** Makes a file of `size` bytes with data only at some places. */
function makeSparse(path: string, size: number, pieces: readonly (readonly [number, Buffer])[]): void {
  const fd = openSync(path, 'w')
  for (const [at, data] of pieces) writeSync(fd, data, 0, data.length, at)
  ftruncateSync(fd, size)
  closeSync(fd)
  utimesSync(path, 1_700_000_000, 1_700_000_000)
}

function readAt(path: string, at: number, length: number): Buffer {
  const fd = openSync(path, 'r')
  const bytes = Buffer.alloc(length)
  readSync(fd, bytes, 0, length, at)
  closeSync(fd)
  return bytes
}

const used = (path: string) => statSync(path).blocks * 512

/** Why holes cannot be seen here, if so. */
function lacking(): string | undefined {
  const probe = join(tmpdir(), `waybill-holes-${process.pid}`)
  makeSparse(probe, 4 * mib, [[0, Buffer.from('data')]])
  const fd = openSync(probe, 'r')
  try {
    if (fstatSync(fd).blocks * 512 >= 4 * mib) return 'the file system has no holes'
    return new Holes(fd, 4 * mib).known ? undefined : 'where holes are cannot be asked here'
  } finally {
    closeSync(fd)
    truncateSync(probe)
  }
}
const why = lacking()
if (why !== undefined) console.warn(`Tests of holes are skipped: ${why}`)

const run = async (options: GivenOptions = {}) =>
  await copy(from, to, 'f', 'f', { from: source, to: target, options })

describe.skipIf(why !== undefined)('a file with holes', () => {
  it('of 100 GB comes over in its data alone, and takes no more space there', async () => {
    const data = randomBytes(3 * mib)
    const size = 100e9
    makeSparse(join(source, 'f'), size, [
      [0, data],
      [50 * gib + 4096, data],
      [size - 5000, data.subarray(0, 5000)],
    ])
    // A checksum of the whole file is one of all its zeros, too, which takes some seconds.
    const result = await run({ manifest: 'none' })
    expect(result).toMatchObject({ status: 'done', files: 1, size })
    // Chunks of 4 MiB that hold any data go over as they are.
    expect(result.sent).toBeLessThanOrEqual(20 * mib)
    expect(result.sent + result.skipped).toBe(size)
    expect(statSync(join(target, 'f')).size).toBe(size)
    expect(used(join(target, 'f'))).toBeLessThanOrEqual(2 * used(join(source, 'f')))
    for (const at of [0, 50 * gib, size - 10_000, 25e9]) {
      expect(readAt(join(target, 'f'), at, 4 * mib).equals(readAt(join(source, 'f'), at, 4 * mib))).toBe(true)
    }
  })

  it('keeps holes within chunks, too', async () => {
    const size = 8 * mib
    const block = randomBytes(4096)
    makeSparse(
      join(source, 'f'),
      size,
      Array.from({ length: 32 }, (_, i) => [i * 256 * 1024 + (i % 7) * 4096, block] as const),
    )
    expect(await run()).toMatchObject({ status: 'done', sent: size })
    expect(readFileSync(join(target, 'f')).equals(readFileSync(join(source, 'f')))).toBe(true)
    expect(used(join(target, 'f'))).toBeLessThanOrEqual(2 * used(join(source, 'f')))
  })

  it.each([
    ['is the same', 0, true],
    ['has data in a hole', 700 * mib, false],
  ])('is compared by its contents where the target %s', async (_, at, same) => {
    const size = 2 * gib
    const data = randomBytes(1000)
    makeSparse(join(source, 'f'), size, [[0, data]])
    makeSparse(join(target, 'f'), size, [
      [0, data],
      [at, same ? data : Buffer.from('other')],
    ])
    const result = await run({ comparison: 'checksum' })
    expect(result).toMatchObject({ status: 'done', sent: same ? 0 : mib, skipped: same ? size : size - mib })
    expect(readAt(join(target, 'f'), at, 1000).equals(readAt(join(source, 'f'), at, 1000))).toBe(true)
    expect(used(join(target, 'f'))).toBeLessThanOrEqual(mib)
  })

  it('that changed does not have all its holes read for what differs', async () => {
    const size = 100e9
    const data = randomBytes(mib)
    makeSparse(join(target, 'f'), size, [[0, data]])
    makeSparse(join(source, 'f'), size, [
      [0, data],
      [size / 2, data],
    ])
    utimesSync(join(source, 'f'), 1_700_000_100, 1_700_000_100)
    const result = await run({ delta: 'always', manifest: 'none' })
    expect(result).toMatchObject({ status: 'done' })
    expect(result.sent).toBeLessThanOrEqual(12 * mib)
    expect(readAt(join(target, 'f'), size / 2, mib).equals(data)).toBe(true)
  })

  it('with older data in its place comes as what differs, its holes as holes', async () => {
    const size = 16 * mib
    const data = randomBytes(size)
    const changed = Buffer.from(data)
    changed.fill(0, 3 * mib, 7 * mib + 1000)
    changed.write('changed', 9 * mib)
    writeFileSync(join(target, 'f'), data)
    makeSparse(join(source, 'f'), size, [
      [0, changed.subarray(0, 3 * mib)],
      [7 * mib + 1000, changed.subarray(7 * mib + 1000)],
    ])
    const result = await run({ delta: 'always' })
    expect(result).toMatchObject({ status: 'done' })
    expect(result.sent).toBeLessThan(mib)
    expect(readFileSync(join(target, 'f')).equals(changed)).toBe(true)
    expect(used(join(target, 'f'))).toBeLessThanOrEqual(13 * mib)
  })

  it('goes on where it was, and what an older part has in a hole is gone', async () => {
    const size = 64 * mib
    const data = randomBytes(24 * mib)
    makeSparse(join(source, 'f'), size, [[8 * mib, data]])
    const pair = await openPair(from, to, { rate: 16 * mib })
    const task = makeTask('f', 'f', { from: source, to: target })
    from.engine.tasks(pair.session, [task.source])
    to.engine.tasks(pair.session, [task.target])
    await to.until(() => ((to.progress.get(pair.session)?.sent ?? 0) >= 4 * mib ? true : undefined))
    await to.engine.stop(pair.session, 'enough')
    const part = readdirSync(target).find((name) => name.endsWith('.part')) ?? ''
    // Neither the rest of an older write nor a broken disk may survive in what has to be a hole.
    const fd = openSync(join(target, part), 'r+')
    writeSync(fd, randomBytes(3 * mib), 0, 3 * mib, 2 * mib)
    writeSync(fd, randomBytes(mib), 0, mib, 60 * mib)
    closeSync(fd)
    const result = await run()
    expect(result).toMatchObject({ status: 'done' })
    expect(result.sent).toBeLessThan(data.length - 3 * mib)
    expect(readFileSync(join(target, 'f')).equals(readFileSync(join(source, 'f')))).toBe(true)
    expect(used(join(target, 'f'))).toBeLessThanOrEqual(used(join(source, 'f')) + mib)
  })
})

it('zeros that take space at the source are not sent either', async () => {
  const data = Buffer.concat([randomBytes(mib), Buffer.alloc(5 * mib), randomBytes(100)])
  writeFileSync(join(source, 'f'), data)
  const result = await run()
  expect(result).toMatchObject({ status: 'done', sent: mib + 100, skipped: 5 * mib })
  expect(readFileSync(join(target, 'f')).equals(data)).toBe(true)
})
