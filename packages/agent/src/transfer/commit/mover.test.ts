import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { errno } from '../fault.js'
import { Mover } from './mover.js'

// A worker that answers as the real one does, and dies of a root that it does not like.
const script = `
import { parentPort } from 'node:worker_threads'
parentPort.on('message', ({ id, root, moves }) => {
  if (root === '/die') process.exit(3)
  const failed = moves.flatMap(({ part }, index) =>
    part === 'full' ? [{ index, code: 'ENOSPC', message: 'no space' }] : [])
  parentPort.postMessage({ id, failed })
})
`

let dir: string
let ended = 0
let mover: Mover

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mover-'))
  const path = join(dir, 'worker.mjs')
  writeFileSync(path, script)
  ended = 0
  mover = new Mover(pathToFileURL(path), () => {
    ended++
  })
})
afterEach(async () => {
  await mover.close()
  rmSync(dir, { recursive: true })
})

const moves = ['a', 'full', 'b'].map((part) => ({ part, target: `${part}.done`, yields: false }))

it('says which could not be moved, with the code of the system', async () => {
  const failed = await mover.move('/', moves)
  expect([...failed].map(([index, error]) => [index, errno(error)])).toEqual([[1, 'ENOSPC']])
})

it('fails what it had to do when its thread ends, and says so once', async () => {
  const [first, second] = await Promise.all([mover.move('/die', moves), mover.move('/', moves)])
  expect([...first.keys()]).toEqual([0, 1, 2])
  expect([...second.keys()]).toEqual([0, 1, 2])
  expect(first.get(0)).toBeInstanceOf(Error)
  expect(ended).toBe(1)
})
