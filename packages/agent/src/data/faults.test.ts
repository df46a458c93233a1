import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { dial } from '../transport/connector.js'
import { copy, hello, makeTask, openPair, Side, specs, temporaryDirectory, withPort } from './pair.fixture.js'
import { describeTree, makeTree } from './tree.fixture.js'

let from: Side
let to: Side
let dir: ReturnType<typeof temporaryDirectory>
let source: string
let target: string
const mib = 1024 * 1024

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

/** Begins a copy at a slow rate and breaks it off when some of it has arrived. */
async function interrupted(path: string, size: number, stop: 'stop' | 'close'): Promise<number> {
  const pair = await openPair(from, to, { rate: 8 * mib })
  const task = makeTask(path, path, { from: source, to: target })
  from.engine.tasks(pair.session, [task.source])
  to.engine.tasks(pair.session, [task.target])
  const { sent } = await to.until(() => {
    const progress = to.progress.get(pair.session)
    return progress !== undefined && progress.sent >= size / 8 ? progress : undefined
  })
  if (stop === 'stop') await to.engine.stop(pair.session, 'paused')
  else await from.engine.close()
  const end = await to.ended(pair.session)
  expect(end.reason).toBe('stopped')
  return sent
}

describe('an interrupted file', () => {
  it('goes on where it was', async () => {
    const size = 24 * mib
    writeFileSync(join(source, 'big'), randomBytes(size))
    const before = await interrupted('big', size, 'stop')
    expect(readdirSync(target).every((name) => /^\.waybill-[0-9a-f]{32}\.(part|journal)$/.test(name))).toBe(
      true,
    )
    const result = await copy(from, to, 'big', 'big', { from: source, to: target })
    expect(result.status).toBe('done')
    expect(result.skipped).toBeGreaterThanOrEqual(before - mib)
    expect(result.sent).toBe(size - result.skipped)
    expect(readFileSync(join(target, 'big')).equals(readFileSync(join(source, 'big')))).toBe(true)
    expect(readdirSync(target)).toEqual(['big'])
  })

  it('trusts nothing of its part that does not match', async () => {
    const size = 24 * mib
    writeFileSync(join(source, 'big'), randomBytes(size))
    await interrupted('big', size, 'stop')
    const part = readdirSync(target).find((name) => name.endsWith('.part')) ?? ''
    writeFileSync(join(target, part), Buffer.alloc(size))
    const result = await copy(from, to, 'big', 'big', { from: source, to: target })
    expect(result).toMatchObject({ status: 'done', sent: size, skipped: 0 })
    expect(readFileSync(join(target, 'big')).equals(readFileSync(join(source, 'big')))).toBe(true)
  })

  it('begins anew when the source is another one', async () => {
    const size = 24 * mib
    writeFileSync(join(source, 'big'), randomBytes(size))
    await interrupted('big', size, 'close')
    from = new Side()
    writeFileSync(join(source, 'big'), randomBytes(size))
    utimesSync(join(source, 'big'), 1_000_000_000, 1_000_000_000)
    const result = await copy(from, to, 'big', 'big', { from: source, to: target })
    expect(result).toMatchObject({ status: 'done', sent: size, skipped: 0 })
    expect(readFileSync(join(target, 'big')).equals(readFileSync(join(source, 'big')))).toBe(true)
  })
})

describe('a source that changes while it is sent', () => {
  it('is sent again as it is then', async () => {
    const size = 12 * mib
    writeFileSync(join(source, 'log'), randomBytes(size))
    const pair = await openPair(from, to, { rate: 8 * mib })
    const task = makeTask('log', 'log', { from: source, to: target })
    from.engine.tasks(pair.session, [task.source])
    to.engine.tasks(pair.session, [task.target])
    await to.until(() => ((to.progress.get(pair.session)?.sent ?? 0) > 0 ? true : undefined))
    appendFileSync(join(source, 'log'), 'more')
    from.engine.rate(pair.session, -1)
    const result = await to.result(task.id)
    expect(result).toMatchObject({ status: 'done', size: size + 4, files: 1 })
    expect(readFileSync(join(target, 'log')).equals(readFileSync(join(source, 'log')))).toBe(true)
    expect(readdirSync(target)).toEqual(['log'])
  })
})

describe('one that fails', () => {
  it('does not take others along', async () => {
    makeTree(source, { 'a/1': 'one', b: 'two', 'c/3': 'three', d: randomBytes(600_000) })
    makeTree(target, { 'a/1/': '', c: 'a file', 'd/': '' })
    const result = await copy(from, to, '', '', { from: source, to: target })
    expect(result).toMatchObject({ status: 'failed', code: 'E#J057', files: 1 })
    expect(result.details.map(({ path }) => path).sort()).toEqual(['a/1', 'c', 'c/3', 'd'])
    expect(readFileSync(join(target, 'b'), 'utf8')).toBe('two')
    expect(readFileSync(join(target, 'c'), 'utf8')).toBe('a file')
  })

  it.skipIf(process.getuid?.() === 0)('is named when it cannot be read', async () => {
    makeTree(source, { open: 'open', closed: 'closed' })
    chmodSync(join(source, 'closed'), 0)
    const result = await copy(from, to, '', '', { from: source, to: target })
    expect(result).toMatchObject({ status: 'failed', code: 'E#J002', files: 1 })
  })

  it.skipIf(process.getuid?.() !== 0)('for want of space says so, others go through', async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', target])
    try {
      makeTree(source, { a: 'a', huge: randomBytes(9 * mib), z: 'z' })
      const result = await copy(from, to, '', '', { from: source, to: target })
      expect(result).toMatchObject({ status: 'failed', code: 'E#J066', files: 2 })
      expect(readFileSync(join(target, 'a'), 'utf8')).toBe('a')
    } finally {
      execFileSync('umount', ['-l', target])
    }
  })
})

describe('sessions', () => {
  it('share one listener, in both directions', async () => {
    makeTree(source, { a: randomBytes(3 * mib) })
    makeTree(target, { b: randomBytes(2 * mib) })
    const one = await openPair(from, to, { connections: 3 })
    const two = await openPair(to, from, { connections: 3, listener: 'send' })
    expect(two.port).toBe(one.port)
    const there = makeTask('a', 'x/a', { from: source, to: target })
    const back = makeTask('b', 'x/b', { from: target, to: source })
    for (const [pair, task, sends, receives] of [
      [one, there, from, to],
      [two, back, to, from],
    ] as const) {
      sends.engine.tasks(pair.session, [task.source])
      receives.engine.tasks(pair.session, [task.target])
    }
    expect(await to.result(there.id)).toMatchObject({ status: 'done', size: 3 * mib })
    expect(await from.result(back.id)).toMatchObject({ status: 'done', size: 2 * mib })
  })

  it('cancel a task and go on with the next', async () => {
    makeTree(source, { big: randomBytes(12 * mib), small: 'small' })
    const pair = await openPair(from, to, { rate: 4 * mib })
    const big = makeTask('big', 'big', { from: source, to: target })
    const small = makeTask('small', 'small', { from: source, to: target })
    from.engine.tasks(pair.session, [big.source, small.source])
    to.engine.tasks(pair.session, [big.target, small.target])
    await to.until(() => ((to.progress.get(pair.session)?.sent ?? 0) > mib ? true : undefined))
    from.engine.cancel(pair.session, [big.id])
    expect(await to.result(big.id)).toMatchObject({ status: 'cancelled' })
    expect(await to.result(small.id)).toMatchObject({ status: 'done' })
    from.engine.finish(pair.session)
    to.engine.finish(pair.session)
    expect(await to.ended(pair.session)).toMatchObject({ reason: 'finished' })
  })

  it('end as unreachable when nobody listens, or nobody comes', async () => {
    const impatient = new Side({ expectMs: 50 })
    const { sender, receiver } = specs()
    const { port } = await impatient.engine.open(receiver)
    expect(await impatient.ended(receiver.session)).toMatchObject({ reason: 'unreachable', code: 'E#J004' })
    await expect(from.engine.open(withPort(sender, port ?? 0))).rejects.toMatchObject({ code: 'unreachable' })
    expect(from.ends.get(sender.session)).toMatchObject({ reason: 'unreachable', code: 'E#J004' })
  })

  it('end on both sides when one is stopped', async () => {
    const pair = await openPair(from, to)
    await from.engine.stop(pair.session, 'paused')
    expect(await to.ended(pair.session)).toMatchObject({ reason: 'stopped', code: null })
  })

  it('end as lost when the other side falls silent', async () => {
    const strict = new Side({ silenceMs: 120 })
    const { receiver } = specs({ connections: 1 })
    const { port } = await strict.engine.open(receiver)
    const address = { addresses: ['127.0.0.1'], port: port ?? 0, identity: receiver.identity }
    const options = {
      ...address,
      key: Buffer.from(receiver.key, 'base64'),
      cipher: 'aes128',
      timeoutMs: 5000,
    } as const
    const socket = await dial('127.0.0.1', options, new AbortController().signal)
    socket.on('error', () => undefined).resume()
    socket.write(hello)
    expect(await strict.ended(receiver.session)).toMatchObject({ reason: 'lost', code: 'E#J004' })
    socket.destroy()
  })

  it('live on while nothing is sent but signs of life', async () => {
    const [one, two] = [new Side({ silenceMs: 120 }), new Side({ silenceMs: 120 })]
    const pair = await openPair(one, two)
    // Two reports of progress are a second: many times the silence that would be too long.
    for (let reports = 0; reports < 2; reports++) {
      two.progress.clear()
      await two.until(() => two.progress.get(pair.session))
    }
    expect([one.ends.size, two.ends.size]).toEqual([0, 0])
    await one.engine.stop(pair.session, 'enough')
    await two.ended(pair.session)
  })

  it('open twice are one', async () => {
    const { receiver } = specs()
    const [first, second] = await Promise.all([to.engine.open(receiver), to.engine.open(receiver)])
    expect(second).toEqual(first)
  })

  it('of a vanished target directory make it again', async () => {
    makeTree(source, { 'd/1': '1', 'e/2': '2' })
    const pair = await openPair(from, to)
    const run = async (name: string) => {
      const task = makeTask(name, name, { from: source, to: target })
      from.engine.tasks(pair.session, [task.source])
      to.engine.tasks(pair.session, [task.target])
      return to.result(task.id)
    }
    expect(await run('d')).toMatchObject({ status: 'done' })
    rmSync(join(target, 'd'), { recursive: true })
    expect(await run('d/1')).toMatchObject({ status: 'done' })
    expect(describeTree(target).has('d/1')).toBe(true)
  })
})
