import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { Agent, ControlPlane, WireFailure, waitFor } from '@waybill/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import { cleanUpAfterwards } from '../studio.js'

// A server that takes little, so that its limits are reached: 20 at once, one a second for long, held for two.
const limits =
  'request_rate=1,request_burst=20,request_hold_s=2,unauthenticated_connections=20,body_mib=1,unzipped_mib=2'

let plane: ControlPlane
cleanUpAfterwards()
beforeAll(async () => {
  plane = await ControlPlane.start({ command: 'serve', env: { WAYBILL_LIMITS: limits } })
})

/** What became of so many logins at once. */
async function logins(email: string, apiKey: string, count: number): Promise<number[]> {
  const statuses = Array.from({ length: count }, async () => {
    try {
      await plane.as(email, apiKey).login()
      return 200
    } catch (error) {
      if (error instanceof WireFailure) return error.answer.status
      throw error
    }
  })
  return (await Promise.all(statuses)).sort((a, b) => a - b)
}

const count = (statuses: readonly number[], status: number): number =>
  statuses.filter((one) => one === status).length

describe('one key', () => {
  test('may burst, some are held, and the rest is told to wait; another key is not in its way', async () => {
    const { user, api_key } = plane.credentials
    await plane.createKey('lisa@example.com')
    const statuses = await logins(user, api_key, 60)
    // Whatever time the sixty took to arrive: the burst, and what came to its turn.
    expect(count(statuses, 200)).toBeGreaterThanOrEqual(20)
    expect(count(statuses, 429)).toBeGreaterThan(0)
    expect(count(statuses, 200) + count(statuses, 429)).toBe(60)
    // A good key of nobody here: refused, not limited.
    const stranger = await plane.createKey('stranger@example.com')
    expect(await logins('stranger@example.com', stranger, 1)).toEqual([403])
  })

  test('does not hold up the lines of its agents', async () => {
    const { user, api_key } = plane.credentials
    const flood = logins(user, api_key, 60)
    const agent = new Agent({ plane, name: 'steady' })
    await flood
    await waitFor(
      async () => {
        const found = await plane.admin.find('client', 'code=steady and status=online').catch(() => [])
        return found[0]
      },
      { what: 'an agent of the busy key' },
    )
    await agent.kill()
  })
})

describe('connections that do not log in', () => {
  test('are cut off above the limit, and nobody else is', async () => {
    const sockets = await Promise.all(Array.from({ length: 27 }, () => silent()))
    const isCut = (one: { over: boolean }): boolean => one.over
    await waitFor(() => sockets.filter(isCut).length >= 7, { what: 'the ones above the limit to be cut off' })
    expect(sockets.filter(isCut)).toHaveLength(7)
    expect(sockets.filter(isCut).every(({ heard }) => heard().includes('"rate_limited"'))).toBe(true)
    await waitFor(async () => (await plane.admin.login()).role === 'admin', { what: 'a login beside them' })
    for (const { socket } of sockets) socket.destroy()
  })
})

describe('what is too large', () => {
  test('a zipped bomb is refused, and the server goes on', async () => {
    const { user, api_key, workspace } = plane.credentials
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' ')).toString('base64')
    const refused = await post({ uri: 'site/create', workspace, ident: user, gz_data: bomb }, user, api_key)
    expect([refused.status, refused.body.code]).toEqual([413, 'too_large'])
    const long = await post({ uri: 'site/create', data: 'x'.repeat(1_100_000) }, user, api_key)
    expect([long.status, long.body.code]).toEqual([413, 'too_large'])
    expect(plane.process.exit).toBeUndefined()
  })
})

test('a limit that is none is refused at the start, with its name', async () => {
  const ran = await plane.command(['serve', '--data', plane.data, '--limit', 'speed=1'])
  expect(ran.code).toBe(2)
  expect(ran.stderr).toMatch(/no limit "speed".*request_rate/s)
})

/** A connection that says nothing. */
async function silent(): Promise<{ socket: Socket; over: boolean; heard: () => string }> {
  const socket = connect(plane.httpPort, '127.0.0.1')
  const chunks: Buffer[] = []
  const one = { socket, over: false, heard: () => Buffer.concat(chunks).toString('utf8') }
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => undefined)
  socket.once('close', () => {
    one.over = true
  })
  await once(socket, 'connect')
  return one
}

async function post(event: object, user: string, key: string) {
  const part = (text: string): string => Buffer.from(text).toString('base64')
  const headers = {
    Authorization: `basic ${part(user)}:${part(key)}`,
    'X-Accsyn-Workspace': plane.credentials.workspace,
  }
  for (;;) {
    const body = JSON.stringify(event)
    const answer = await fetch(`${plane.httpUrl}/api/v3/event`, { method: 'POST', headers, body })
    if (answer.status !== 429)
      return { status: answer.status, body: (await answer.json()) as { code: string } }
  }
}
