import { spawn } from 'node:child_process'
import { join } from 'node:path'
import {
  Agent,
  ControlPlane,
  isJson,
  type Json,
  launcher,
  makeFile,
  openMailbox,
  type TestMailbox,
  tempDirectory,
  transferred,
  WireClient,
  waitFor,
} from '@waybill/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cleanUpAfterwards } from '../studio.js'

let mailbox: TestMailbox
let plane: ControlPlane
const password = 'correct horse battery'

cleanUpAfterwards()
beforeAll(async () => {
  mailbox = await openMailbox()
  const env = { WAYBILL_SMTP_URL: mailbox.url, WAYBILL_PUBLIC_URL: 'https://transfer.example.com' }
  plane = await ControlPlane.start({ env })
})
afterAll(async () => await mailbox.close())

/** Runs `waybill` with lines on its standard input, in a home of its own. */
async function piped(args: readonly string[], input: string, home: string) {
  const env = { PATH: process.env.PATH, HOME: home, XDG_CONFIG_HOME: home, NO_COLOR: '1' }
  const child = spawn(process.execPath, [launcher, ...args], { env })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  child.stdin.end(input)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, output }
}

async function web(what: string, body: Json): Promise<Json> {
  return (await plane.admin.call('POST', `/api/v3/web/${what}`, body)).body
}

const login = async (email: string, secret: string) => await web('login', { email, password: secret })

describe('an invitation', () => {
  test('goes from a mail to an account that is used on this machine', async () => {
    const ran = await plane.command(['user', 'add', 'lisa@example.com', '--message', 'Hello Lisa'])
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    const mail = await waitFor(() => mailbox.mails.find(({ to }) => to.includes('lisa@example.com')), {
      what: 'the mail to Lisa',
    })
    const text = mail.text.replaceAll('=\r\n', '').replaceAll('=3D', '=')
    expect(text).toContain('> Hello Lisa')
    const token = /https:\/\/transfer\.example\.com\/accept#(\S+)/.exec(text)?.[1] ?? ''
    const link = `${plane.url}/accept#${token}`

    const home = tempDirectory('home')
    const weak = await piped(['accept', link], '12345\n', home)
    expect(weak).toMatchObject({
      code: 2,
      output: expect.stringMatching(/at least 10 characters/) as unknown,
    })
    const accepted = await piped(['accept', link], `${password}\n`, home)
    expect(accepted).toMatchObject({ code: 0, output: expect.stringMatching(/Logged in as lisa/) as unknown })
    const who = await piped(['whoami'], '', home)
    expect(who.output).toMatch(/lisa@example.com \(standard\) in studio/)
    const again = await piped(['accept', link], `${password}\n`, home)
    expect(again.output).toMatch(/was used already/)
    expect(await login('lisa@example.com', password)).toHaveProperty('result')

    const next = 'another long password'
    const changed = await piped(['password', '--current'], `${password}\n${next}\n`, home)
    expect(changed).toEqual({ code: 0, output: 'The password is set.\n' })
    expect(await login('lisa@example.com', password)).toMatchObject({ code: 'unauthenticated' })
    const listed = await piped(['key', 'list', '--json'], '', home)
    expect(JSON.parse(listed.output)).toMatchObject([
      { name: expect.stringMatching(/^waybill on/) as unknown },
    ])
    const reset = await plane.command(['password', '--reset', 'lisa@example.com', '--data', plane.data])
    expect(reset.code).toBe(0)
    expect(await login('lisa@example.com', next)).toMatchObject({ code: 'unauthenticated' })
  })

  test('is handed on by the inviter where there is no mail', async () => {
    const ran = await plane.command(['user', 'invite', 'max@example.com', '--no-mail'])
    const link = /^https:\S+$/m.exec(ran.stdout)?.[0] ?? ''
    const accepted = await piped(['accept', link, '--no-keep'], `${password}\n`, tempDirectory('home'))
    expect(accepted).toMatchObject({ code: 0, output: expect.stringMatching(/Accepted/) as unknown })
    const { result } = await login('max@example.com', password)
    expect(result).toMatchObject({ workspace: 'studio', role: 'standard' })
    expect(mailbox.mails.filter(({ to }) => to.includes('max@example.com'))).toEqual([])
  })
})

describe('guessing passwords', () => {
  test('is slowed down and says nothing of who is there', async () => {
    const real = await login('max@example.com', 'a wrong password')
    const unknown = await login('ghost@example.com', 'a wrong password')
    expect(real).toEqual(unknown)
    const answers: unknown[] = []
    for (let guess = 0; guess < 12; guess += 1) answers.push((await login('ghost@example.com', 'guess')).code)
    expect(answers.at(-1)).toBe('rate_limited')
    expect(await login('max@example.com', password)).toHaveProperty('result')
  })
})

describe('an API key', () => {
  test('that is for other addresses is as wrong as any; the server writes that down', async () => {
    const make = async (...args: string[]) => (await plane.command(['key', 'create', ...args])).stdout.trim()
    const here = await make('--name', 'here', '--address', '127.0.0.0/8', '::1')
    const away = await make('--name', 'away', '--address', '203.0.113.0/24')
    const { user } = plane.credentials
    expect(await plane.as(user, here).login()).toMatchObject({ role: 'admin' })
    const refused = await plane.as(user, away).call('PUT', '/api/v3/api/login', {})
    const wrong = await plane.as(user, 'wbk_wrong').call('PUT', '/api/v3/api/login', {})
    expect([refused.status, refused.body]).toEqual([401, wrong.body])
    await plane.process.printed(/API key [0-9a-f]{24} of \S+ was used from 127\.0\.0\.1, where it may not be/)
    const [, key] = JSON.parse((await plane.command(['key', 'list', '--json'])).stdout) as Json[]
    const revoked = await plane.command(['key', 'revoke', String(key?.id)])
    expect(revoked.code).toBe(0)
    await expect(plane.as(user, here).login()).rejects.toThrow(/is wrong, or the key has ended/)
  })
})

describe('a second workspace', () => {
  test('is made while the server runs, and has nothing of the first but the account', async () => {
    const storage = join(tempDirectory('sound'), 'storage')
    const { user, api_key } = plane.credentials
    const data = ['--data', plane.data]
    const ran = await plane.command([
      'workspace',
      'add',
      'sound',
      '--admin',
      user,
      '--storage',
      storage,
      ...data,
    ])
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringMatching(/API keys of before/) as unknown })
    const twice = await plane.command(['workspace', 'add', 'Sound', '--admin', user, ...data])
    expect(twice).toMatchObject({ code: 1, stderr: expect.stringMatching(/already/) as unknown })
    const listed = await plane.command(['workspace', 'list', '--json', ...data])
    expect(JSON.parse(listed.stdout)).toMatchObject([
      { code: 'studio' },
      { code: 'sound', users: 1, admins: [user] },
    ])

    const there = new WireClient({ url: plane.httpUrl, workspace: 'sound', user, apiKey: api_key })
    expect(await there.find('client')).toEqual([])
    expect((await there.find('user')).map(({ code }) => code)).toEqual([user])
    await there.create('user', { code: 'max@example.com', role: 'employee', mail: false })
    const { result } = await login('max@example.com', password)
    expect(isJson(result) ? result.workspaces : []).toMatchObject([
      { code: 'sound', role: 'employee' },
      { code: 'studio', role: 'standard' },
    ])

    // Agents of both workspaces at one server, and a transfer in the new one.
    const elsewhere = ['--workspace', 'sound']
    const nas = new Agent({ plane, name: 'nas', type: 'server', args: elsewhere })
    const desk = new Agent({ plane, name: 'desk', args: elsewhere })
    await waitFor(async () => (await there.find('client', 'status=online')).length === 2, {
      what: 'both agents to be online',
    })
    await waitFor(async () => (await there.find('volume'))[0]?.status === 'enabled', { what: 'the volume' })
    const file = join(desk.state, 'take-1.wav')
    await makeFile(file, 1000, 1)
    const job = await transferred(there, { source: desk.at(file), destination: 'volume=storage/take-1.wav' })
    expect(await plane.admin.get('transfer', job.id)).toBeUndefined()
    expect(await plane.admin.find('client', 'code in nas,desk')).toEqual([])
    expect((await plane.admin.call('GET', '/health', {})).status).toBe(200)

    await plane.stop()
    await plane.restart()
    await waitFor(async () => (await there.find('client', 'status=online')).length === 2, {
      what: 'both agents to be back after a restart of the server',
    })
    expect(nas.process.exit).toBeUndefined()
  })
})
