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

/** A stand-in for the agent: a real process that runs `code`. */
function agent(code: string): { agent: StorageAgent; lines: string[] } {
  const script = join(directory, 'script.mjs')
  writeFileSync(script, code)
  const lines: string[] = []
  const access = { server: 'https://127.0.0.1:1', workspace: 'studio', user: 'a@b.se', apiKey: 'secret' }
  const log = (line: string): void => void lines.push(line)
  return {
    agent: new StorageAgent({ ...access, fingerprint: 'f', state: directory, log, script }),
    lines,
  }
}

const stays = `process.on('SIGTERM', () => process.exit()); setInterval(() => {}, 1000); process.send('connected')`

test('says when it is connected, and gets the key where others cannot read it', async () => {
  const { agent: one, lines } = agent(
    `console.log(process.argv.slice(2).join(' '), process.env.WAYBILL_API_KEY);${stays}`,
  )
  one.start()
  await one.connected
  await vi.waitFor(() => expect(lines).toEqual([`agent --type server --state ${directory} secret`]))
  await one.stop()
  expect(lines).toHaveLength(1)
})

test('starts again when it dies', async () => {
  const { agent: one, lines } = agent(`${stays}; setTimeout(() => process.exit(3), 20)`)
  one.start()
  await vi.waitFor(() => expect(lines.filter((line) => line.includes('exit code 3'))).toHaveLength(2), 20_000)
  await one.stop()
})
