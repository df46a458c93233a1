import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { StorageAgent } from './storage-agent.js'

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'waybill-storage-agent-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

const credentials = { server: 'https://127.0.0.1:1', workspace: 'studio', user: 'a@b.se', apiKey: 'secret' }

/** A stand-in for the agent: a real process that runs `code`. */
function agent(code: string): { agent: StorageAgent; lines: string[] } {
  const script = join(directory, 'script.mjs')
  writeFileSync(script, code)
  const lines: string[] = []
  return {
    agent: new StorageAgent({ state: directory, log: (line) => void lines.push(line), script }),
    lines,
  }
}

const told = `process.on('message', (message) => { console.log(JSON.stringify(message)); process.send('connected') })`

test('waits until it is told where to connect; no key is among its arguments', async () => {
  const { agent: one, lines } = agent(`console.log(process.argv.slice(2).join(' '));${told}`)
  one.start()
  await vi.waitFor(() => expect(lines).toEqual([`agent --type server --state ${directory} --from-parent`]))
  one.connect(credentials)
  await one.connected
  await vi.waitFor(() => expect(lines.slice(1)).toEqual([JSON.stringify(credentials)]))
  await one.stop()
  expect(lines).toHaveLength(2)
})

test('starts again when it dies, and is told again', async () => {
  const { agent: one, lines } = agent(
    `${told}; process.once('message', () => setTimeout(() => process.exit(3), 20))`,
  )
  one.start()
  one.connect(credentials)
  await vi.waitFor(() => expect(lines.filter((line) => line.includes('exit code 3'))).toHaveLength(2), 20_000)
  expect(lines.filter((line) => line.includes('secret')).length).toBeGreaterThan(1)
  await one.stop()
})

test('can be stopped before it was told anything', async () => {
  const { agent: one, lines } = agent(told)
  one.start()
  await one.stop()
  expect(lines).toEqual([])
})
