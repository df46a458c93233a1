import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { SessionEnd } from '@waybill/api'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { specs } from './pair.fixture.js'
import { DataThread } from './thread.js'

// A worker that answers as the real one does, and dies of what it is asked for.
const script = `
import { parentPort } from 'node:worker_threads'
parentPort.on('message', ({ id, method, args }) => {
  if (method === 'measure' && args[0].length > 0) throw new Error('out of order')
  if (method === 'stop') process.exit(3)
  parentPort.postMessage({ type: 'reply', id, result: method === 'open' ? { port: 1, cipher: null } : [] })
})
`

let dir: string
let thread: DataThread
const ends: [string, SessionEnd][] = []

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'thread-'))
  const path = join(dir, 'worker.mjs')
  writeFileSync(path, script)
  ends.length = 0
  const events = {
    progress: () => undefined,
    manifest: () => undefined,
    results: () => undefined,
    ended: (session: string, end: SessionEnd) => void ends.push([session, end]),
  }
  thread = new DataThread(pathToFileURL(path), { options: {} }, events)
})
afterEach(async () => {
  await thread.close()
  rmSync(dir, { recursive: true })
})

const item = { location: { root: null, path: '/a' }, include: '', exclude: '' }

it('is replaced when it breaks, and its sessions end with the reason', async () => {
  const { sender, receiver } = specs()
  await thread.open(sender)
  const waiting = expect(thread.measure([item])).rejects.toThrow('out of order')
  await waiting
  expect(ends).toMatchObject([[sender.session, { reason: 'failed', code: 'E#J099' }]])
  expect(await thread.measure([])).toEqual([])
  expect(await thread.open(receiver)).toMatchObject({ port: 1 })
  expect(ends).toHaveLength(1)
})

it('is replaced when it exits, again and again', async () => {
  for (let times = 0; times < 3; times++) {
    await expect(thread.stop('none', 'now')).rejects.toThrow('ended')
    expect(await thread.measure([])).toEqual([])
  }
  expect(ends).toEqual([])
})
