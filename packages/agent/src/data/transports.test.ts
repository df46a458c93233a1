import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { copy, Side, specs, temporaryDirectory, withPort } from './pair.fixture.js'
import { describeTree, makeTree } from './tree.fixture.js'

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
})

afterEach(async () => {
  await Promise.all([from.engine.close(), to.engine.close()])
  dir.remove()
})

describe('a link over datagrams', () => {
  it.each([
    ['send', 'aes128'],
    ['receive', 'aes256'],
  ] as const)('moves files and trees when the side that listens is to %s', async (listener, cipher) => {
    makeTree(source, { 'big.bin': randomBytes(9_000_001), empty: '', 'a/b': 'b' })
    for (let i = 0; i < 300; i++) makeTree(source, { [`many/${i}`]: String(i) })
    const result = await copy(from, to, source, target, { listener, cipher, transport: 'udp' })
    expect(result).toMatchObject({ status: 'done', code: null, details: [] })
    expect(describeTree(target)).toEqual(describeTree(source))
    expect([...from.ends.values()]).toMatchObject([{ reason: 'finished' }])
    expect([...to.ends.values()]).toMatchObject([{ reason: 'finished' }])
  })

  it('is named, with what it runs over', async () => {
    const { sender, receiver } = specs({ transport: 'udp' })
    const { port } = await to.engine.open(receiver)
    const { line } = await from.engine.open(withPort(sender, port ?? 0))
    expect(line).toMatchObject({ transport: 'udp', connections: 0 })
  })
})
