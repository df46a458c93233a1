import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { copy, makeTask, openPair, Side, temporaryDirectory } from './pair.fixture.js'

const mebibyte = 1_048_576

let from: Side
let to: Side
let dir: ReturnType<typeof temporaryDirectory>
let source: string
let target: string
let writing: NodeJS.Timeout | undefined

beforeEach(() => {
  dir = temporaryDirectory()
  from = new Side({ restMs: 60 })
  to = new Side()
  source = join(dir.path, 'source')
  target = join(dir.path, 'target')
  mkdirSync(join(source, 'work'), { recursive: true })
  mkdirSync(target)
})

afterEach(async () => {
  clearInterval(writing)
  await Promise.all([from.engine.close(), to.engine.close()])
  dir.remove()
})

const at = (name: string) => join(source, 'work', name)
const arrived = (name: string) => join(target, 'copy', name)

/** A file in which each byte says which version it is of. */
const version = (number: number, size: number) => Buffer.alloc(size, number)

/** Does something every few milliseconds for so many times, then no more. */
function meanwhile(times: number, work: (round: number) => void): Promise<void> {
  return new Promise((resolve) => {
    let round = 0
    writing = setInterval(() => {
      work(round)
      if (++round < times) return
      clearInterval(writing)
      resolve()
    }, 8)
  })
}

const roots = () => ({ from: source, to: target })

/** What arrived is one version and no mixture, and of the time that it claims. */
function expectWhole(name: string): void {
  const data = readFileSync(arrived(name))
  expect(data.equals(Buffer.alloc(data.length, data[0]))).toBe(true)
}

describe('a source file that changes while it is sent', () => {
  it('and grows for a while arrives as it is when it rests', async () => {
    writeFileSync(at('take.mov'), version(7, 3 * mebibyte))
    const done = meanwhile(40, () => appendFileSync(at('take.mov'), version(7, 90_000)))
    const result = await copy(from, to, 'work', 'copy', roots())
    await done
    expect(result).toMatchObject({ status: 'done', code: null, files: 1 })
    expect(statSync(arrived('take.mov')).size).toBe(3 * mebibyte + 40 * 90_000)
    expect(readFileSync(arrived('take.mov')).equals(readFileSync(at('take.mov')))).toBe(true)
  })

  it('and never rests fails with what to do, while all others arrive', async () => {
    writeFileSync(at('log'), 'begin')
    for (let i = 0; i < 50; i++) writeFileSync(at(`frame ${i}`), `frame ${i}`)
    void meanwhile(Number.POSITIVE_INFINITY, () => appendFileSync(at('log'), 'more'))
    const fast = new Side({ restMs: 20 })
    const result = await copy(fast, to, 'work', 'copy', roots())
    await fast.engine.close()
    expect(result).toMatchObject({ status: 'failed', code: 'E#J005', files: 50 })
    expect(result.message).toContain('transfer_settle_s')
    expect(() => statSync(arrived('log'))).toThrow('ENOENT')
  })

  it('and is rewritten in place with its time set back is never a mixture', async () => {
    const size = 6 * mebibyte
    const time = 1_700_000_000
    const rewrite = (round: number) => {
      const fd = openSync(at('a'), 'r+')
      // In halves, so that whoever reads in between sees both.
      const half = Math.floor(size / 2)
      writeSync(fd, version(round % 250, half), 0, half, 0)
      writeSync(fd, version(round % 250, size - half), 0, size - half, half)
      closeSync(fd)
      utimesSync(at('a'), time, time)
    }
    writeFileSync(at('a'), version(255, size))
    utimesSync(at('a'), time, time)
    const done = meanwhile(25, rewrite)
    // So slow that many of the writes happen between the first chunk and the last.
    const result = await copy(from, to, 'work', 'copy', { ...roots(), rate: 15_000_000 })
    expect(result).toMatchObject({ status: 'done' })
    await done
    expectWhole('a')
    expect(statSync(arrived('a')).size).toBe(size)
  })

  it('and shrinks, or is gone, is no file of the wrong length', async () => {
    writeFileSync(at('a'), version(1, 8 * mebibyte))
    writeFileSync(at('b'), version(1, 8 * mebibyte))
    const done = meanwhile(10, (round) => {
      truncateSync(at('a'), (8 - round * 0.5) * mebibyte)
      if (round === 3) rmSync(at('b'))
    })
    const result = await copy(from, to, 'work', 'copy', roots())
    await done
    if (result.status === 'failed') expect(result.code).toMatch(/E#J00[15]/)
    expect(readFileSync(arrived('a')).equals(readFileSync(at('a')))).toBe(true)
  })

  it('and is replaced by another one of the same size and time arrives as one of them', async () => {
    const time = 1_700_000_000
    const size = 5 * mebibyte
    const put = (round: number) => {
      writeFileSync(join(source, 'next'), version(round % 250, size))
      utimesSync(join(source, 'next'), time, time)
      renameSync(join(source, 'next'), at('a'))
    }
    put(0)
    const done = meanwhile(12, put)
    const result = await copy(from, to, 'work', 'copy', roots())
    await done
    expect(result).toMatchObject({ status: 'done' })
    expectWhole('a')
  })

  it('and lies in a directory that is exchanged arrives whole, whichever it was', async () => {
    for (const [name, number] of [
      ['dir', 1],
      ['other', 2],
    ] as const) {
      mkdirSync(at(name))
      for (let i = 0; i < 30; i++) writeFileSync(join(at(name), `f${i}`), version(number, 300_000))
    }
    const done = meanwhile(20, () => {
      renameSync(at('dir'), at('tmp'))
      renameSync(at('other'), at('dir'))
      renameSync(at('tmp'), at('other'))
    })
    const result = await copy(from, to, 'work/dir', 'copy', roots())
    await done
    if (result.status === 'failed') expect(result.code).toMatch(/E#J00[15]/)
    else for (let i = 0; i < 30; i++) expectWhole(`f${i}`)
  })
})

describe('frames of a sequence that are being rendered', () => {
  it('arrive whole, each once it rests', async () => {
    const size = 400_000
    for (let i = 1; i <= 5; i++) writeFileSync(at(`a.${i}.dpx`), version(i, size / 4))
    const done = meanwhile(15, (round) => {
      appendFileSync(at(`a.${(round % 5) + 1}.dpx`), version((round % 5) + 1, size / 4))
    })
    const options = { ...roots(), options: { settle: 0.3 } }
    const result = await copy(from, to, 'work/a.%d.dpx[1-5]', 'copy', options)
    await done
    expect(result).toMatchObject({ status: 'done', files: 5 })
    for (let i = 1; i <= 5; i++) {
      expectWhole(`a.${i}.dpx`)
      expect(statSync(arrived(`a.${i}.dpx`)).size).toBe(size)
    }
  })
})

describe('files that have to rest before they are read', () => {
  /** A session whose receiver has the files that rest long; answers with the task's result. */
  async function begin(settle: number) {
    const pair = await openPair(from, to)
    const task = makeTask('work', 'copy', { ...roots(), options: { settle } })
    from.engine.tasks(pair.session, [task.source])
    to.engine.tasks(pair.session, [task.target])
    return { result: to.result(task.id) }
  }

  it('are left alone until then, small and large; those of long ago are not waited for', async () => {
    writeFileSync(at('young'), 'young')
    writeFileSync(at('large'), version(3, 2 * mebibyte))
    const since = Math.max(...['young', 'large'].map((name) => statSync(at(name)).ctimeMs))
    const { result } = await begin(0.9)
    // Were it read at once, this change would come too late.
    appendFileSync(at('young'), 'er')
    expect(await result).toMatchObject({ status: 'done', files: 2 })
    expect(Date.now() - since).toBeGreaterThanOrEqual(890)
    expect(readFileSync(arrived('young'), 'utf8')).toBe('younger')
    expectWhole('large')
  })

  it('are not waited for when they are at the destination already', async () => {
    writeFileSync(at('a'), 'same')
    utimesSync(at('a'), 1_700_000_000, 1_700_000_000)
    mkdirSync(join(target, 'copy'))
    writeFileSync(arrived('a'), 'same')
    utimesSync(arrived('a'), 1_700_000_000, 1_700_000_000)
    // An hour, which this test does not take.
    const { result } = await begin(3600)
    expect(await result).toMatchObject({ status: 'done', skipped: 4 })
  })
})
