import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ManagedProcess } from './processes.js'
import { tempDirectory } from './temp.js'
import { waitFor } from './wait.js'

const node = process.execPath
const url = JSON.stringify(new URL('../dist/index.js', import.meta.url).href)

test('what a process prints and how it ended are known', async () => {
  const one = new ManagedProcess(node, ['-e', 'console.log("hello"); setInterval(() => 0, 1000)'], {
    name: 'one',
  })
  await one.printed(/hel+o/)
  expect(await one.terminate()).toEqual({ code: null, signal: 'SIGTERM' })
  expect(one.describe()).toContain('hello')
})

test('waiting fails with the words of what runs', async () => {
  const one = new ManagedProcess(node, ['-e', 'console.log("busy"); setInterval(() => 0, 1000)'], {
    name: 'one',
  })
  await one.printed(/busy/)
  const failed = waitFor(() => false, { what: 'a miracle', timeoutMs: 50 })
  await expect(failed).rejects.toThrow(/a miracle[\s\S]*busy/)
  await one.kill()
})

test('processes and directories of a test run that was killed are gone', async () => {
  const state = tempDirectory()
  const run = new ManagedProcess(
    node,
    [
      '--input-type=module',
      '-e',
      `const { ManagedProcess, tempDirectory } = await import(${url})
       const dir = tempDirectory('doomed')
       const inner = new ManagedProcess(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { name: 'inner' })
       setTimeout(() => console.log('INNER', inner.pid, dir), 100)`,
    ],
    { name: 'run', cwd: state },
  )
  const [, pid = '', dir = ''] = await run.printed(/INNER (\d+) (\S+)/)
  expect(existsSync(dir)).toBe(true)
  run.signal('SIGKILL')
  await waitFor(() => !isAlive(Number(pid)) && !existsSync(dir), { what: 'everything to be gone' })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
