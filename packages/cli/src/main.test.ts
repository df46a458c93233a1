import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { run } from './main.js'

const job = '6971e16fceadd67b955b1995'
type Envelope = Record<string, unknown>
let server: Server
let events: Envelope[]
let answer: (event: Envelope) => Envelope
let out: string
let err: string

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const [path, query] = (request.url ?? '').split('?')
      const text = query === undefined ? Buffer.concat(chunks).toString() : decodeURIComponent(query)
      const event = JSON.parse(text) as Envelope
      const login = { result: { id: job, role: 'admin', session_id: 's' } }
      if (path !== '/api/v3/api/login') events.push(event)
      response.end(JSON.stringify(path === '/api/v3/api/login' ? login : answer(event)))
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
})
afterAll(() => new Promise((done) => server.close(done)))

beforeEach(() => {
  events = []
  answer = () => ({ result: [] })
  out = ''
  err = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text)
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text)
    return true
  })
  vi.stubEnv('WAYBILL_SERVER', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  vi.stubEnv('WAYBILL_WORKSPACE', 'studio')
  vi.stubEnv('WAYBILL_USER', 'lisa@example.com')
  vi.stubEnv('WAYBILL_API_KEY', 'k')
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

describe('bad input ends with 2 and words, never with a stack', () => {
  test.each([
    [['nonsense'], /unknown command/],
    [['find'], /missing required argument/],
    [['find', 'Transfer', '--colour'], /unknown option/],
    [['find', 'Transfer', '--limit', 'x'], /whole number/],
    [['find', 'Transfer status=x'], /ENTITYTYPE WHERE/],
    [['transfer', './only-one'], /missing required argument/],
    [['user', 'add', 'x@example.com', '--role', 'king'], /king/],
    [['show', 'no such job'], /no job/],
    [['find', 'Transfer', '--data', '/nonexistent'], /credentials\.json/],
  ])('%j', async (argv, words) => {
    expect(await run(argv)).toBe(2)
    expect(err).toMatch(words)
    expect(err).not.toMatch(/^\s+at /m)
  })
})

test('help and version end with 0', async () => {
  expect(await run(['--help'])).toBe(0)
  expect(out).toMatch(/transfer .*send files/)
  expect(await run(['help', 'transfer'])).toBe(0)
  expect(out).toContain('volume=storage/incoming/')
  expect(await run(['--version'])).toBe(0)
})

test('a list is a table for people and JSON for programs', async () => {
  const queue = {
    id: job,
    code: 'high\u001b[2J',
    name: 'High',
    priority: 999,
    created: '2026-01-22T08:35:59',
  }
  answer = () => ({ result: [queue] })
  expect(await run(['queue', 'list'])).toBe(0)
  expect(out).toMatch(/^ID .*PRIORITY/)
  expect(out).toContain('high\\u001b[2J')
  out = ''
  expect(await run(['find', 'Queue', '--json'])).toBe(0)
  expect(JSON.parse(out)).toEqual([queue])
})

test('a refusal of the server is told in its words', async () => {
  answer = () => ({
    message: 'Unknown attribute "colour" (at column 1)',
    code: 'unknown_attribute',
    column: 1,
  })
  expect(await run(['find', 'Transfer WHERE colour=red'])).toBe(2)
  expect(err).toBe('waybill: Unknown attribute "colour" (at column 1)\n')
  answer = () => ({ message: 'Not yours', code: 'forbidden' })
  expect(await run(['find', 'Transfer'])).toBe(1)
})

describe('waybill transfer', () => {
  const states = (...statuses: string[]): void => {
    answer = ({ uri }) => {
      if (uri === 'task/find')
        return { result: [{ id: 't', source: { path: 'gone.bin' }, status_hr: 'not found' }] }
      const status = statuses.length > 1 ? statuses.shift() : statuses[0]
      const fields = { name: 'x', status_hr: status === 'failed' ? '1 task failed' : '', etr: '', speed: -1 }
      return { result: [{ id: job, status, size: 5, transferred: 0, progress: 0, started: null, ...fields }] }
    }
  }

  test('sends local paths as absolute ones and follows to done', async () => {
    states('init', 'running', 'done')
    expect(await run(['transfer', './x', 'volume=storage/', '--queue', 'high'])).toBe(0)
    expect(events[0]).toMatchObject({
      uri: 'transfer/create',
      data: { source: join(process.cwd(), 'x'), destination: 'volume=storage/', queue: 'high' },
    })
    expect(out).toContain(`Done: x`)
    expect(err).toContain(`Job ${job}`)
  })

  test('that fails ends with 1 and names the tasks', async () => {
    states('init', 'failed')
    expect(await run(['transfer', '/x', 'volume=storage/'])).toBe(1)
    expect(err).toContain('gone.bin: not found')
    expect(err).toContain(`waybill log ${job}`)
  })

  test('not followed prints the id alone', async () => {
    states('paused')
    expect(await run(['transfer', '/x', 'volume=storage/', '--paused'])).toBe(0)
    expect(out).toBe(`${job}\n`)
    expect(events).toHaveLength(1)
    expect(events[0]).toMatchObject({ data: { status: 'paused' } })
  })

  test('interrupted ends with 130 and says how to come back', async () => {
    states('running')
    const ending = run(['transfer', '/x', 'volume=storage/'])
    await vi.waitFor(() => expect(events.length).toBeGreaterThan(2))
    process.emit('SIGINT')
    expect(await ending).toBe(130)
    expect(err).toContain(`waybill follow ${job}`)
  })
})

test('several jobs: each is tried, a refusal ends with 1', async () => {
  answer = ({ uri, id }) => {
    if (id === 'f'.repeat(24)) return { result: [] }
    return { result: [{ id, status: uri === 'transfer/edit' ? 'paused' : 'running', name: 'x' }] }
  }
  expect(await run(['pause', 'f'.repeat(24), job])).toBe(1)
  expect(err).toContain('f'.repeat(24))
  expect(out).toContain(`${job}  paused`)
})

test('login keeps what the server accepted, for its owner alone, and logout forgets it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'waybill-login-'))
  vi.stubEnv('XDG_CONFIG_HOME', directory)
  expect(await run(['login'])).toBe(0)
  expect(out).toContain('Logged in as lisa@example.com (admin)')
  for (const name of ['SERVER', 'WORKSPACE', 'USER', 'API_KEY']) vi.stubEnv(`WAYBILL_${name}`, undefined)
  expect(await run(['whoami', '--json'])).toBe(0)
  expect(out).toContain('"workspace": "studio"')
  expect(await run(['logout'])).toBe(0)
  expect(await run(['whoami'])).toBe(2)
  rmSync(directory, { recursive: true })
})

describe('the launcher', () => {
  const launcher = fileURLToPath(new URL('../bin/waybill.js', import.meta.url))

  test('is executable, and before a build says what to do', async () => {
    expect(statSync(launcher).mode & 0o111).not.toBe(0)
    const directory = mkdtempSync(join(tmpdir(), 'waybill-launcher-'))
    mkdirSync(join(directory, 'bin'))
    copyFileSync(launcher, join(directory, 'bin', 'waybill.js'))
    writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
    const ended = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(process.execPath, [join(directory, 'bin', 'waybill.js')], (error, _stdout, stderr) =>
        resolve({ code: error?.code, stderr }),
      )
    })
    rmSync(directory, { recursive: true })
    expect(ended).toEqual({ code: 2, stderr: expect.stringContaining('npm run build') as string })
  })
})
