import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileRequests } from '@waybill/api'
import { describe, expect, it } from 'vitest'
import { tempDirectory } from '../../../testkit/src/temp.js'
import { FilePlane } from '../files/file-plane.js'
import { cleanLog } from './log.js'
import { answer, type Role } from './requests.js'
import { Sessions } from './sessions/sessions.js'
import { IdleEngine, testSpec } from './sessions/testing.js'

const server: Role = { type: 'server', ports: [50_000, 50_003] }
let engine: IdleEngine | undefined
const sessions = new Sessions(
  (events) => {
    engine = new IdleEngine(events)
    return engine
  },
  () => undefined,
)
const ask = (name: string, args: unknown, role = server) =>
  answer({ type: 'request', id: 7, name, args }, sessions, role, new FilePlane())

describe('what an agent answers', () => {
  it('makes a root, and says what is free on it', async () => {
    const path = join(tempDirectory('root'), 'a', 'b')
    const reply = await ask('root.check', { path, create: true })
    const sound = { id: 7, result: { path, writable: true, free: expect.any(Number) as number } }
    expect(reply).toEqual({ type: 'reply', ...sound })
    expect(await ask('root.check', { path, create: false })).toMatchObject(sound)
  })

  it('says why a root is none', async () => {
    const directory = tempDirectory('root')
    const file = join(directory, 'file')
    writeFileSync(file, '')
    mkdirSync(join(directory, 'there'))
    for (const [path, create, code] of [
      [join(directory, 'absent'), false, 'not_found'],
      [file, false, 'bad_request'],
      [join(file, 'below'), true, 'bad_request'],
      ['relative', false, 'bad_request'],
      [`${directory}/\0`, false, 'bad_request'],
    ] as const) {
      expect(await ask('root.check', { path, create })).toMatchObject({ id: 7, error: { code } })
    }
  })

  it("makes no directories on a user's machine", async () => {
    const args = { path: join(tempDirectory('root'), 'new'), create: true }
    const reply = await ask('root.check', args, { type: 'app', ports: undefined })
    expect(reply.error?.code).toBe('forbidden')
  })

  it('listens at its own ports', async () => {
    expect(await ask('session.open', testSpec('a', 1))).toMatchObject({ result: { port: 45190 } })
    expect(engine?.specs[0]?.link).toEqual({ kind: 'listen', ports: [50_000, 50_003] })
  })

  it('refuses what it does not know or cannot read', async () => {
    expect((await ask('format', {})).error?.code).toBe('unknown_uri')
    for (const name of ['measure', 'root.check', 'session.open', ...Object.keys(fileRequests)]) {
      for (const args of [undefined, null, 5, {}, { items: 5 }]) {
        expect((await ask(name, args)).error?.code).toBe('bad_request')
      }
    }
  })
})

it('logs every entry as one harmless line', () => {
  const lines: string[] = []
  cleanLog((_level, message) => lines.push(message))('info', 'a\nb\u001b[2J\u2028c\u202ed')
  expect(lines).toEqual(['a b [2J c d'])
})
