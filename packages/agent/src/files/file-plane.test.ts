import { afterEach, expect, it } from 'vitest'
import { FilePlane } from './file-plane.js'

// Threads that hang, as one does in a call to a drive whose server is gone.

/** Answers with what it was asked, but hangs for good where the root is `dead`, until `wake` is set. */
const script = `
  import { parentPort } from 'node:worker_threads'
  const clock = () => performance.timeOrigin + performance.now()
  parentPort.on('message', ({ id, args, until }) => {
    const nap = args.root === 'dead' ? 60_000 : args.root === 'slow' ? 300 : 0
    if (nap > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, nap)
    if (clock() > until) parentPort.postMessage({ id, code: 'timeout', message: 'late' })
    else parentPort.postMessage({ id, result: args.root })
  })
`
const worker = new URL(`data:text/javascript,${encodeURIComponent(script)}`)
const planes: FilePlane[] = []
afterEach(() => {
  for (const plane of planes.splice(0)) plane.close()
})

function plane(patience: number): FilePlane {
  const made = new FilePlane({ worker, patience })
  planes.push(made)
  return made
}

const ask = (files: FilePlane, root: string) =>
  files.perform('files.stat', { root, exact: false, paths: [''] })

it('waits for no dead storage, and goes on with the others', async () => {
  const files = plane(200)
  const dead = ask(files, 'dead')
  // The thread of another root may take its time to start.
  const alive = ask(plane(20_000), 'alive')
  await expect(dead).rejects.toMatchObject({ code: 'timeout' })
  expect(await alive).toBe('alive')
})

it('takes no more than so many requests for a storage that hangs', async () => {
  const files = plane(200)
  const asked = Array.from({ length: 65 }, () => ask(files, 'dead'))
  const results = await Promise.allSettled(asked)
  const words = results.map((result) => (result.status === 'rejected' ? String(result.reason) : 'done'))
  expect(words.filter((text) => text.includes('too much waits'))).toHaveLength(1)
  expect(words.filter((text) => text.includes('does not answer'))).toHaveLength(65)
})

it('refuses more roots than it has threads for while all of them are at work', async () => {
  const files = plane(20_000)
  const asked = Array.from({ length: 24 }, (_, index) => ask(files, `root${index}`))
  await expect(ask(files, 'one more')).rejects.toMatchObject({ code: 'rate_limited' })
  await Promise.all(asked)
  expect(await ask(files, 'one more')).toBe('one more')
})
