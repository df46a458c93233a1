import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { copy, Side, temporaryDirectory } from './pair.fixture.js'

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

describe('a copy', () => {
  it('moves a small file', async () => {
    writeFileSync(join(source, 'a.txt'), 'hello')
    const result = await copy(from, to, join(source, 'a.txt'), join(target, 'b.txt'))
    expect(result).toMatchObject({ status: 'done', size: 5, sent: 5, skipped: 0, files: 1, code: null })
  })

  it('moves a large file', async () => {
    writeFileSync(join(source, 'big'), randomBytes(20_000_000))
    const result = await copy(from, to, join(source, 'big'), join(target, 'big'), { connections: 4 })
    expect(result).toMatchObject({ status: 'done', size: 20_000_000, sent: 20_000_000, files: 1 })
    expect(readFileSync(join(target, 'big')).equals(readFileSync(join(source, 'big')))).toBe(true)
  })
})
