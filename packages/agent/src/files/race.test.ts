import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { fullScope } from '@waybill/api'
import { afterEach, expect, it } from 'vitest'
import { tempDirectory } from '../../../testkit/src/temp.js'
import { FileDesk } from './desk.js'

// Somebody who may write into a share puts a link in the place of a directory, over and over, while the agent
// works there. Handles are held by descriptor on Linux; elsewhere the threat model says what can be had.

const tries = 400
/** Two names for the same place, one of which is always in the way: `trap` is a link, `real` a directory. */
const swapper = `
  const { workerData, parentPort } = require('node:worker_threads')
  const { renameSync, symlinkSync, mkdirSync } = require('node:fs')
  const { at, aside, outside, stop } = workerData
  const flag = new Int32Array(stop)
  let swaps = 0
  while (Atomics.load(flag, 0) === 0) {
    try { renameSync(at, aside + swaps); symlinkSync(outside, at) } catch {}
    try { renameSync(at, aside + 'link' + swaps); renameSync(aside + swaps, at) } catch {}
    swaps++
    if (swaps % 20 === 0) try { mkdirSync(at) } catch {}
  }
  parentPort.postMessage(swaps)
`

let worker: Worker | undefined
afterEach(async () => {
  await worker?.terminate()
})

interface Scene {
  readonly root: string
  readonly outside: string
  readonly stop: () => Promise<number>
}

function scene(): Scene {
  const root = tempDirectory('race')
  const outside = tempDirectory('outside')
  const aside = join(tempDirectory('aside'), 'a')
  mkdirSync(join(outside, 'deep'))
  writeFileSync(join(outside, 'secret'), 'x')
  writeFileSync(join(outside, 'deep', 'secret'), 'x')
  const at = join(root, 'shared', 'swapped')
  mkdirSync(join(at, 'deep'), { recursive: true })
  writeFileSync(join(at, 'deep', 'plain'), '')
  const stop = new SharedArrayBuffer(4)
  const running = new Worker(swapper, { eval: true, workerData: { at, aside, outside, stop } })
  worker = running
  const ended = new Promise<number>((resolve) => running.once('message', resolve))
  return {
    root,
    outside,
    stop: () => {
      Atomics.store(new Int32Array(stop), 0, 1)
      return ended
    },
  }
}

const untouched = (outside: string) =>
  expect(readdirSync(outside, { recursive: true }).sort()).toEqual(['deep', join('deep', 'secret'), 'secret'])

it.runIf(process.platform === 'linux')('lists nothing from behind a link that is swapped in', async () => {
  const { root, outside, stop } = scene()
  const desk = new FileDesk()
  const told = new Set<string>()
  for (let index = 0; index < tries; index++) {
    const page = desk.perform('files.walk', {
      ...{ root, exact: false, path: 'shared', walk: String(index), scope: fullScope, names: [] },
      ...{ depth: 100, sizes: true, only: 'all', include: '', exclude: '', skip: 0, limit: null },
    })
    for (const entry of page.entries) if ('name' in entry) told.add(entry.name)
    for (const path of ['shared/swapped/secret', 'shared/swapped/deep/secret']) {
      expect(desk.perform('files.stat', { root, exact: false, paths: [path] }).items[0]?.type).not.toBe(
        'file',
      )
    }
  }
  expect(await stop()).toBeGreaterThan(0)
  expect([...told].sort()).not.toContain('secret')
  untouched(outside)
})

it.runIf(process.platform === 'linux')('deletes, makes and moves nothing behind one', async () => {
  const { root, outside, stop } = scene()
  const desk = new FileDesk()
  const attempt = (work: () => unknown): void => {
    try {
      work()
    } catch {
      // Refused, since a link is in the way at that moment.
    }
  }
  for (let index = 0; index < tries; index++) {
    const at = (path: string) => ({ root, exact: false, path })
    attempt(() => desk.perform('files.mkdir', at('shared/swapped/deep/made')))
    attempt(() => desk.perform('files.mkdir', at('shared/plain')))
    attempt(() => desk.perform('files.rename', { ...at('shared/swapped/secret'), to: 'stolen' }))
    attempt(() => desk.perform('files.rename', { ...at('shared/plain'), to: 'shared/swapped/plain' }))
    attempt(() => desk.perform('files.delete', { ...at('shared/swapped/deep'), force: true }))
    if (index % 10 === 0) attempt(() => desk.perform('files.delete', { ...at('shared'), force: true }))
    attempt(() => symlinkSync(outside, join(root, `link${index}`)))
    attempt(() => desk.perform('files.delete', { ...at(`link${index}`), force: true }))
  }
  await stop()
  untouched(outside)
  expect(readdirSync(root)).not.toContain('stolen')
})
