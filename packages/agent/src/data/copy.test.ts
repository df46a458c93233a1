import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
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
})
