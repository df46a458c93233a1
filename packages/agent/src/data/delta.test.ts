import { randomBytes } from 'node:crypto'
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { copy, makeTask, openPair, Side, specs, temporaryDirectory, withPort } from './pair.fixture.js'

const mib = 1024 * 1024

let from: Side
let to: Side
let dir: ReturnType<typeof temporaryDirectory>
let source: string
let target: string
let older: Buffer

beforeEach(() => {
  from = new Side()
  to = new Side()
  dir = temporaryDirectory()
  source = join(dir.path, 'source')
  target = join(dir.path, 'target')
  mkdirSync(target)
  older = randomBytes(6 * mib + 1234)
  writeFileSync(join(target, 'file'), older)
  // Two files that are made in one tick of the clock have the same time.
  utimesSync(join(target, 'file'), 1_700_000_000, 1_700_000_000)
})

afterEach(async () => {
  await Promise.all([from.engine.close(), to.engine.close()])
  dir.remove()
})

async function deliver(newer: Buffer, delta: 'auto' | 'always' | 'never' = 'always', rate = -1) {
  writeFileSync(source, newer)
  const result = await copy(from, to, source, join(target, 'file'), { options: { delta }, rate })
  expect(result).toMatchObject({ status: 'done', files: 1, size: newer.length })
  expect(result.sent + result.skipped).toBe(newer.length)
  expect(readFileSync(join(target, 'file')).equals(newer)).toBe(true)
  expect(readdirSync(target)).toEqual(['file'])
  return result
}

function scattered(data: Buffer): Buffer {
  const changed = Buffer.from(data)
  for (let at = 50_000; at < changed.length; at += 400_000) randomBytes(4000).copy(changed, at)
  return changed
}

/** A port that leads to another, 10 ms away. */
async function longWay(port: number): Promise<{ port: number; close: () => void }> {
  const sockets: Socket[] = []
  const lead = (one: Socket, other: Socket) => {
    sockets.push(one)
    one.on('error', () => other.destroy())
    one.on('data', (data) => setTimeout(() => other.write(data), 10))
  }
  const server = createServer((socket) => {
    const onward = connect(port, '127.0.0.1')
    lead(socket, onward)
    lead(onward, socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The relay has no port')
  return {
    port: address.port,
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

describe('a file of which an older one is at the destination', () => {
  it.each<[string, (data: Buffer) => Buffer, number]>([
    ['got something inserted at its front', (data) => Buffer.concat([randomBytes(4096), data]), 60_000],
    ['changed here and there', scattered, 500_000],
    ['was cut', (data) => data.subarray(0, 4 * mib + 5), 20_000],
    ['grew', (data) => Buffer.concat([data, randomBytes(300_000)]), 340_000],
    ['lost its front', (data) => data.subarray(1_234_567), 60_000],
    ['lies twice in the new one', (data) => Buffer.concat([data, data]), 60_000],
    ['did not change but for its time', (data) => data, 3000],
    ['has zeros in it', (data) => Buffer.from(data).fill(0, mib, 4 * mib), 60_000],
  ])('is sent in so far as it %s', async (_what, change, most) => {
    const { sent } = await deliver(change(older))
    expect(sent).toBeLessThan(most)
  })

  it('is sent whole if it is another one', async () => {
    const newer = randomBytes(5 * mib)
    expect((await deliver(newer)).sent).toBe(newer.length)
  })

  it('is sent whole where delta is off', async () => {
    expect((await deliver(scattered(older), 'never')).skipped).toBe(0)
  })

  it('is sent in parts by itself where the rate is limited', async () => {
    expect((await deliver(scattered(older), 'auto', 300_000_000)).sent).toBeLessThan(500_000)
  })

  it('is sent in parts by itself where the way is long', async () => {
    writeFileSync(source, scattered(older))
    const { sender, receiver } = specs({ transport: 'tcp' })
    const { port } = await to.engine.open(receiver)
    const relay = await longWay(port ?? 0)
    await from.engine.open(withPort(sender, relay.port))
    const task = makeTask(source, join(target, 'file'))
    from.engine.tasks(sender.session, [task.source])
    to.engine.tasks(sender.session, [task.target])
    const { status, sent } = await to.result(task.id)
    relay.close()
    expect(status).toBe('done')
    expect(sent).toBeLessThan(500_000)
  })

  it('is sent in parts over one connection, and among others', async () => {
    const tree = join(dir.path, 'tree')
    for (const [name, place] of [
      ['old', target],
      ['new', tree],
    ] as const) {
      mkdirSync(place, { recursive: true })
      for (let i = 0; i < 12; i++) {
        const data = Buffer.concat([older.subarray(0, 2 * mib), Buffer.alloc(100, i)])
        writeFileSync(join(place, `f${i}`), name === 'old' ? data : scattered(data))
        writeFileSync(join(place, `s${i}`), name)
      }
    }
    const options = { connections: 1, options: { delta: 'always' } } as const
    const result = await copy(from, to, tree, target, options)
    expect(result).toMatchObject({ status: 'done', files: 24 })
    expect(result.sent).toBeLessThan(12 * 300_000)
    for (const name of readdirSync(tree)) {
      expect(readFileSync(join(target, name)).equals(readFileSync(join(tree, name)))).toBe(true)
    }
  })

  /** Begins to send a file whose front is new, so that patches come last, and waits until some of it arrived. */
  async function begin(newer: Buffer) {
    writeFileSync(source, newer)
    const pair = await openPair(from, to, { rate: 3 * mib })
    const task = makeTask(source, join(target, 'file'), { options: { delta: 'always' } })
    to.engine.tasks(pair.session, [task.target])
    from.engine.tasks(pair.session, [task.source])
    await to.until(() => ((to.progress.get(pair.session)?.sent ?? 0) > 0 ? true : undefined))
    return {
      session: pair.session,
      result: () => {
        from.engine.rate(pair.session, -1)
        return to.result(task.id)
      },
    }
  }

  it('comes over right when the older one changes while it is used', async () => {
    const newer = Buffer.concat([randomBytes(5 * mib), older])
    const { result } = await begin(newer)
    const fd = openSync(join(target, 'file'), 'r+')
    writeSync(fd, randomBytes(mib), 0, mib, 2 * mib)
    closeSync(fd)
    truncateSync(join(target, 'file'), 5.5 * mib)
    const { status, size, sent, skipped } = await result()
    expect({ status, size }).toEqual({ status: 'done', size: newer.length })
    expect(readFileSync(join(target, 'file')).equals(newer)).toBe(true)
    expect(sent + skipped).toBe(size)
    expect(sent).toBeGreaterThan(6.5 * mib)
    expect(skipped).toBeGreaterThan(mib)
  })

  it('is announced anew when the source changes while it is sent', async () => {
    const { result } = await begin(Buffer.concat([randomBytes(5 * mib), older]))
    const newer = Buffer.concat([randomBytes(100), older])
    writeFileSync(source, newer)
    const { status, message, size, sent } = await result()
    expect({ status, message, size }).toEqual({ status: 'done', message: null, size: newer.length })
    expect(readFileSync(join(target, 'file')).equals(newer)).toBe(true)
    expect(sent).toBeLessThan(5.9 * mib)
  })

  it('goes on where it was when it is cut', async () => {
    const newer = Buffer.concat([randomBytes(5 * mib), scattered(older)])
    const { session } = await begin(newer)
    await from.engine.stop(session, 'cut')
    await to.ended(session)
    expect(readFileSync(join(target, 'file')).equals(older)).toBe(true)
    const options = { options: { delta: 'always' } } as const
    const { status, sent, skipped } = await copy(from, to, source, join(target, 'file'), options)
    expect({ status, size: sent + skipped }).toEqual({ status: 'done', size: newer.length })
    expect(readFileSync(join(target, 'file')).equals(newer)).toBe(true)
    expect(sent).toBeLessThan(4.5 * mib)
  })
})
