import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { encode, frameType, protocolVersion } from '@waybill/asc'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { dial } from '../transport/connector.js'
import { LinkKeys } from '../transport/link-keys.js'
import { encodePreamble } from '../transport/preamble.js'
import { RecordSealer } from '../transport/records.js'
import { copy, hello, makeTask, openPair, Side, specs, temporaryDirectory, withPort } from './pair.fixture.js'
import { makeTree } from './tree.fixture.js'

let from: Side
let to: Side
let dir: ReturnType<typeof temporaryDirectory>
let source: string
let target: string

beforeEach(() => {
  from = new Side()
  to = new Side({ expectMs: 60_000 })
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

describe('symbolic links', () => {
  it('are left out of a tree, and named', async () => {
    writeFileSync(join(dir.path, 'secret'), 'secret')
    makeTree(source, { a: 'a', 'sub/b': 'b' })
    symlinkSync(join(dir.path, 'secret'), join(source, 'file-link'))
    symlinkSync(dir.path, join(source, 'sub/dir-link'))
    execFileSync('mkfifo', [join(source, 'pipe')])
    const result = await copy(from, to, source, join(target, 'out'))
    expect(result).toMatchObject({ status: 'done', files: 2, code: null })
    expect(result.details.map(({ path, code }) => [path, code]).sort()).toEqual([
      ['file-link', 'W#J058'],
      ['pipe', 'W#J058'],
      ['sub/dir-link', 'W#J058'],
    ])
    expect(existsSync(join(target, 'out/file-link'))).toBe(false)
  })

  it('are followed for a source only within its root', async () => {
    writeFileSync(join(dir.path, 'secret'), 'secret')
    makeTree(source, { a: 'inside' })
    symlinkSync('a', join(source, 'inner'))
    symlinkSync('../secret', join(source, 'outer'))
    expect(await copy(from, to, 'inner', 'x', { from: source, to: target })).toMatchObject({ status: 'done' })
    expect(await copy(from, to, 'outer', 'y', { from: source, to: target })).toMatchObject({
      status: 'failed',
      code: 'E#J006',
    })
    expect(existsSync(join(target, 'y'))).toBe(false)
  })

  it('in the target are never written through', async () => {
    const outside = join(dir.path, 'outside')
    mkdirSync(outside)
    writeFileSync(join(outside, 'victim'), 'untouched')
    symlinkSync(outside, join(target, 'link'))
    symlinkSync(join(outside, 'victim'), join(target, 'file'))
    makeTree(source, { a: 'evil', 'link/b': 'evil', 'link/deep/c': 'evil', file: 'replaces the link itself' })
    const roots = { from: source, to: target }
    expect(await copy(from, to, 'a', 'link/a', roots)).toMatchObject({ status: 'failed', code: 'E#J057' })
    expect(await copy(from, to, '', '', roots)).toMatchObject({ status: 'failed', code: 'E#J057', files: 2 })
    expect(readFileSync(join(outside, 'victim'), 'utf8')).toBe('untouched')
    expect(readFileSync(join(target, 'file'), 'utf8')).toBe('replaces the link itself')
    expect(existsSync(join(outside, 'a')) || existsSync(join(outside, 'b'))).toBe(false)
  })
})

describe('paths that leave their root', () => {
  it.each(['../x', 'a/../../x', '/etc/passwd', 'a\0b'])('are refused at both ends: %j', async (path) => {
    makeTree(source, { a: 'a' })
    const roots = { from: source, to: target }
    expect(await copy(from, to, path, 'x', roots)).toMatchObject({ status: 'failed', code: 'E#J006' })
    expect(await copy(from, to, 'a', path, roots)).toMatchObject({ status: 'failed', code: 'E#J006' })
  })

  it('are refused when a peer sends them, and no other file suffers', async () => {
    const { receiver } = specs({ connections: 1 })
    const { port } = await to.engine.open(receiver)
    const key = Buffer.from(receiver.key, 'base64')
    const address = { addresses: ['127.0.0.1'], port: port ?? 0, identity: receiver.identity, key }
    const options = { ...address, cipher: 'aes128', timeoutMs: 5000 } as const
    const socket = await dial('127.0.0.1', options, new AbortController().signal)
    socket.on('error', () => undefined).resume()
    socket.write(hello)
    const task = makeTask('', 'in', { to: target })
    to.engine.tasks(receiver.session, [task.target])
    const paths = [
      '../out',
      '/etc/x',
      'a//b',
      'a/./b',
      'a\0',
      `.waybill-${'0'.repeat(32)}.part`,
      'x'.repeat(256),
    ]
    const entry = { task: task.target.index, kind: 'directory', size: 0, mtime: 0n, mode: 0o755 } as const
    const bad = paths.map((path, i) => ({ ...entry, kind: 'file' as const, id: i + 1, path }))
    socket.write(encode({ type: 'entries', entries: [...bad, { ...entry, id: 8, path: 'good' }] }))
    socket.write(encode({ type: 'scanned', task: task.target.index, code: '', message: '' }))
    const result = await to.result(task.id)
    expect(result).toMatchObject({ status: 'failed', code: 'E#J006' })
    expect(result.details.map(({ code }) => code)).toEqual(paths.map(() => 'E#J006'))
    expect(existsSync(join(target, 'in/good'))).toBe(true)
    expect(existsSync(join(target, 'out'))).toBe(false)
    socket.destroy()
    expect(await to.ended(receiver.session)).toMatchObject({ reason: 'lost' })
  })
})

describe('strangers on the port', () => {
  it('with the wrong key are refused, and nobody else suffers', async () => {
    const { sender, receiver } = specs()
    const { port } = await to.engine.open(receiver)
    const wrong = { ...withPort(sender, port ?? 0), key: randomBytes(32).toString('base64') }
    await expect(from.engine.open(wrong)).rejects.toMatchObject({ code: 'unreachable' })
    expect(from.ends.get(sender.session)).toMatchObject({ reason: 'refused', code: 'E#J004' })
    const foreign = { ...withPort(sender, port ?? 0), session: 'other', identity: 'unknown' }
    await expect(from.engine.open(foreign)).rejects.toMatchObject({ code: 'unreachable' })
    const right = { ...withPort(sender, port ?? 0), session: 'right' }
    expect(await from.engine.open(right)).toMatchObject({ port: null, cipher: 'AES-128-GCM' })
  })

  it('with a weaker cipher than asked for are refused', async () => {
    const { sender, receiver } = specs({ cipher: 'aes256' })
    const { port } = await to.engine.open(receiver)
    await from.engine.open({ ...withPort(sender, port ?? 0), cipher: 'aes128' }).catch(() => undefined)
    expect(await to.ended(receiver.session)).toMatchObject({ reason: 'refused', code: 'E#J007' })
  })

  it('with random bytes get nothing, and sessions go on', async () => {
    const pair = await openPair(from, to, { connections: 2 })
    const noise = Array.from({ length: 20 }, async (_, i) => {
      const socket = connect(pair.port, '127.0.0.1')
      socket.on('error', () => undefined).resume()
      socket.write(randomBytes(i * 100))
      socket.end()
      await new Promise((resolve) => socket.once('close', resolve))
    })
    await Promise.all(noise)
    makeTree(source, { a: 'a' })
    const task = makeTask('a', 'a', { from: source, to: target })
    from.engine.tasks(pair.session, [task.source])
    to.engine.tasks(pair.session, [task.target])
    expect(await to.result(task.id)).toMatchObject({ status: 'done' })
  })

  it.each([
    ['random frames', randomBytes(5000)],
    ['a frame that is too long', Buffer.from([0xff, 0xff, 0xff, 0x7f, frameType.entries])],
    ['an answer to a sender', encode({ type: 'ready', tasks: [1] })],
  ])('who know the key but send %s are cut off', async (_what, bytes) => {
    const { receiver } = specs({ connections: 1 })
    const { port } = await to.engine.open(receiver)
    const key = Buffer.from(receiver.key, 'base64')
    const address = { addresses: ['127.0.0.1'], port: port ?? 0, identity: receiver.identity, key }
    const options = { ...address, cipher: 'aes128', timeoutMs: 5000 } as const
    const socket = await dial('127.0.0.1', options, new AbortController().signal)
    socket.on('error', () => undefined).resume()
    socket.write(hello)
    socket.write(bytes)
    expect(await to.ended(receiver.session)).toMatchObject({ reason: 'failed', code: 'E#J099' })
  })
})

describe('connections for data', () => {
  /** A link of which this test is the sender: its control connection stands, and its keys are known. */
  async function standing() {
    const { receiver } = specs({ connections: 1 })
    const { port } = await to.engine.open(receiver)
    const address = { addresses: ['127.0.0.1'], port: port ?? 0, identity: receiver.identity }
    const options = { ...address, key: Buffer.from(receiver.key, 'base64'), timeoutMs: 5000 }
    const socket = await dial('127.0.0.1', { ...options, cipher: 'aes128' }, new AbortController().signal)
    const answered = once(socket, 'data')
    socket.on('error', () => undefined)
    socket.write(hello)
    await answered
    return { receiver, keys: LinkKeys.of(socket, 'aes128', true), port: port ?? 0, socket }
  }

  function greeting(index: number): Buffer {
    return encode({
      type: 'hello',
      version: protocolVersion,
      role: 'send',
      index,
      transport: 'tcp',
      datagram: 0,
    })
  }

  /** Sends bytes to the port; answers with what comes until the connection is closed. */
  async function send(port: number, bytes: Buffer): Promise<Buffer> {
    const socket = connect(port, '127.0.0.1')
    const pieces: Buffer[] = []
    socket.on('error', () => undefined).on('data', (piece) => pieces.push(piece))
    socket.write(bytes)
    await once(socket, 'close')
    return Buffer.concat(pieces)
  }

  function sealed(keys: LinkKeys, index: number, frames: readonly Buffer[]): Buffer {
    const sealer = new RecordSealer(keys.connection(index).outgoing)
    const records = frames.flatMap((frame) => sealer.seal(frame).next(frame.length))
    return Buffer.concat([encodePreamble({ link: keys.id, index }), ...records])
  }

  it('are closed without a word when they name no link, or do not know its key', async () => {
    const { keys, port, receiver } = await standing()
    const stranger = new LinkKeys(randomBytes(64), 'aes128', true)
    expect(await send(port, sealed(stranger, 1, [greeting(1)]))).toHaveLength(0)
    const forged = Buffer.concat([encodePreamble({ link: keys.id, index: 1 }), randomBytes(200)])
    forged.writeUInt32LE(20, 21)
    expect(await send(port, forged)).toHaveLength(0)
    // A greeting that claims megabytes is not waited for.
    forged.writeUInt32LE(1_000_000, 21)
    expect(await send(port, forged)).toHaveLength(0)
    expect(to.ends.get(receiver.session)).toBeUndefined()
  })

  it('come once each, however well they know the key', async () => {
    const { keys, port, receiver } = await standing()
    const first = connect(port, '127.0.0.1').on('error', () => undefined)
    first.write(sealed(keys, 1, [greeting(1)]))
    await once(first, 'data')
    expect(await send(port, sealed(keys, 1, [greeting(1)]))).toHaveLength(0)
    expect(to.ends.get(receiver.session)).toBeUndefined()
    first.destroy()
  })

  it.each([
    ['a record that was changed', (good: Buffer) => good.fill(7, good.length - 3)],
    ['a record that came before', (good: Buffer) => Buffer.concat([good, good.subarray(-21)])],
    ['frames that belong elsewhere', undefined],
  ])('end the link when they bring %s', async (_what, spoil) => {
    const { keys, port, receiver } = await standing()
    const pack = Buffer.from([0, 0, 0, 0, frameType.pack])
    const good = sealed(keys, 1, [greeting(1), spoil === undefined ? encode({ type: 'ping' }) : pack])
    const socket = connect(port, '127.0.0.1')
      .on('error', () => undefined)
      .resume()
    socket.write(spoil === undefined ? good : spoil(good))
    expect(await to.ended(receiver.session)).toMatchObject({ reason: 'failed', code: 'E#J099' })
    socket.destroy()
  })
})
