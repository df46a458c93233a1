import { connect } from 'node:net'
import { controlPath, maxControlMessage, type ToAgent } from '@waybill/api'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type ClientOptions, WebSocket } from 'ws'
import { listKeys, revokeKey } from '../access/keys.js'
import { closeCodes } from './line.js'
import {
  agentHeaders,
  type TestControlPlane,
  type TestControlPlaneOptions,
  testControlPlane,
  testHello,
} from './testing.js'

let plane: TestControlPlane
const sockets: TestAgent[] = []

async function start(options: TestControlPlaneOptions = {}): Promise<void> {
  plane = await testControlPlane(options)
}

afterEach(async () => {
  for (const { socket } of sockets.splice(0)) socket.terminate()
  await plane.close()
})

/** The far end of a line, with no behaviour of its own. */
class TestAgent {
  readonly messages: ToAgent[] = []
  readonly socket: WebSocket
  readonly closed: Promise<number>
  readonly opened: Promise<boolean>
  status: number | undefined
  body = ''

  constructor(user = plane.admin, options: ClientOptions = {}) {
    this.socket = new WebSocket(plane.url + controlPath, { headers: agentHeaders(user), ...options })
    sockets.push(this)
    this.socket.on('error', () => undefined)
    this.socket.on('message', (data) => {
      if (Buffer.isBuffer(data)) this.messages.push(JSON.parse(data.toString()) as ToAgent)
    })
    this.closed = new Promise((resolve) => this.socket.once('close', resolve))
    this.opened = new Promise((resolve) => {
      this.socket.once('open', () => resolve(true))
      this.socket.once('unexpected-response', (_request, response) => {
        this.status = response.statusCode
        response.on('data', (chunk) => {
          this.body += String(chunk)
        })
        response.once('end', () => resolve(false))
      })
    })
  }

  say(message: object | string): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  async hello(changes: Record<string, unknown> = {}): Promise<string> {
    await this.opened
    this.say(testHello(changes))
    return (await this.next('welcome')).client
  }

  async next<T extends ToAgent['type']>(type: T): Promise<Extract<ToAgent, { type: T }>> {
    return await vi.waitFor(
      () => {
        const at = this.messages.findIndex((message) => message.type === type)
        if (at === -1) throw new Error(`no ${type} among ${JSON.stringify(this.messages)}`)
        return this.messages.splice(at, 1)[0] as Extract<ToAgent, { type: T }>
      },
      { timeout: 10_000, interval: 5 },
    )
  }
}

async function clientRow(id: string) {
  return await plane.workspace.db
    .selectFrom('client')
    .innerJoin('site', 'site.id', 'client.site')
    .selectAll('client')
    .select('site.code as site_code')
    .where('client.id', '=', id)
    .executeTakeFirstOrThrow()
}

const until = async (condition: () => unknown): Promise<void> => {
  await vi.waitFor(() => expect(condition()).toBeTruthy(), { timeout: 10_000, interval: 5 })
}

describe('registration', () => {
  it('makes a client of a new agent, and knows it again', async () => {
    await start()
    const lisa = await plane.user('lisa@example.com', 'standard')
    const agent = new TestAgent(lisa)
    const id = await agent.hello({ addresses: ['127.0.0.1', '10.0.0.7', 'nonsense'] })
    expect(plane.hub.isOnline(id)).toBe(true)
    const row = await clientRow(id)
    expect(row).toMatchObject({
      code: 'edit-1',
      type: 0,
      site_code: 'roaming',
      online: 1,
      wan_ip: '127.0.0.1',
    })
    expect(row.roles).toBe('')
    expect(JSON.parse(row.addresses)).toEqual(['10.0.0.7', '127.0.0.1'])

    agent.socket.terminate()
    await until(() => plane.listener.names().includes('disconnected'))
    const again = new TestAgent(lisa)
    // Its state directory was wiped: another machine id, the same client.
    expect(await again.hello({ username: 'root' })).toBe(id)
    expect(await clientRow(id)).toMatchObject({ username: 'root' })
    expect(plane.listener.names()).toEqual(['connected', 'disconnected', 'connected'])
  })

  it('takes servers of admins only, and gives them the volume that nobody serves', async () => {
    const served: string[] = []
    await start({ volumePath: '/srv/storage', volumeServed: (_workspace, volume) => served.push(volume) })
    const eve = new TestAgent(await plane.user('eve@example.com', 'employee'))
    await eve.opened
    eve.say(testHello({ agent: 'server' }))
    expect(await eve.next('refused')).toMatchObject({ code: 'forbidden' })
    expect(await eve.closed).toBe(closeCodes.refused)

    const server = new TestAgent()
    await server.opened
    server.say(testHello({ agent: 'server', hostname: 'storage-1' }))
    const { id: number, name, args } = await server.next('request')
    expect({ name, args }).toEqual({ name: 'root.check', args: { path: '/srv/storage', create: true } })
    server.say({ type: 'reply', id: number, result: { path: '/srv/storage', free: 1, writable: true } })
    const { client: id } = await server.next('welcome')
    expect(served).toHaveLength(1)
    const rows = await plane.workspace.db.selectFrom('share_server').selectAll().execute()
    expect(rows).toMatchObject([{ share: served[0], client: id, path: '/srv/storage' }])
    expect(await clientRow(id)).toMatchObject({ type: 1, site_code: 'hq', roles: 'storage' })
  })

  it.each(['a:b', 'a b', '-a', 'a/b', 'a\u0000b', '\u001b[31m'])('refuses the name %j', async (hostname) => {
    await start()
    const agent = new TestAgent()
    await agent.opened
    agent.say(testHello({ hostname }))
    expect(await agent.next('refused')).toMatchObject({ code: 'bad_request' })
  })

  it('refuses a second agent of the same name while the first is alive, and lets it in when it is dead', async () => {
    await start({ timing: { challenge: 700, heartbeat: 60_000 } })
    const first = new TestAgent()
    const id = await first.hello()
    const second = new TestAgent()
    await second.opened
    second.say(testHello())
    const { code, message } = await second.next('refused')
    expect(code).toBe('conflict')
    expect(message).toMatch(/edit-1.*--name.*--state/s)
    expect(plane.hub.isOnline(id)).toBe(true)

    // As after a pulled cable: it answers nothing any more, but nobody has closed it.
    first.socket.pause()
    const third = new TestAgent()
    expect(await third.hello()).toBe(id)
    expect(plane.listener.names()).toEqual(['connected', 'disconnected', 'connected'])
  })

  it('lets exactly one of many agents in that ask for one client at once', async () => {
    await start()
    const agents = Array.from({ length: 8 }, () => new TestAgent())
    await Promise.all(agents.map(({ opened }) => opened))
    for (const agent of agents) agent.say(testHello())
    await until(() => agents.every(({ messages }) => messages.length > 0))
    const kinds = agents.map(({ messages }) => messages[0]?.type).sort()
    expect(kinds).toEqual([...Array.from({ length: 7 }, () => 'refused'), 'welcome'])
    expect(await plane.workspace.db.selectFrom('client').select('id').execute()).toHaveLength(1)
  })
})

describe('who is let in', () => {
  it('answers bad credentials as any call of the API', async () => {
    await start()
    for (const [user, workspace, status] of [
      [{ ...plane.admin, key: 'wrong' }, 'studio', 401],
      [plane.admin, 'elsewhere', 403],
    ] as const) {
      const agent = new TestAgent(user, { headers: agentHeaders(user, workspace) })
      expect(await agent.opened).toBe(false)
      expect(agent.status).toBe(status)
      expect(JSON.parse(agent.body)).toHaveProperty('message')
    }
  })

  it('makes no client of a user who was deleted since the line was opened', async () => {
    await start()
    const agent = new TestAgent()
    await agent.opened
    await plane.workspace.db.deleteFrom('user').where('code', '=', plane.admin.email).execute()
    agent.say(testHello())
    expect(await agent.next('refused')).toMatchObject({ code: 'not_member' })
    expect(await plane.workspace.db.selectFrom('client').selectAll().execute()).toEqual([])
  })

  it('closes the line of a key that was revoked', async () => {
    await start({ timing: { checkIn: 20 } })
    const agent = new TestAgent()
    const id = await agent.hello()
    agent.say({ type: 'heartbeat', metrics: { load: 0.5 } })
    await vi.waitFor(async () => expect((await clientRow(id)).metrics).toBe('{"load":0.5}'))
    const [key] = await listKeys(plane.store, plane.admin.email)
    await revokeKey(plane.store, key?.id ?? '')
    expect(await agent.next('refused')).toMatchObject({ code: 'unauthenticated' })
    expect(await agent.closed).toBe(closeCodes.refused)
  })

  it('shows clients as offline after the grace time, and all of them after a crash', async () => {
    await start({ timing: { grace: 10 } })
    const agent = new TestAgent()
    const id = await agent.hello()
    agent.socket.terminate()
    await vi.waitFor(async () => expect((await clientRow(id)).online).toBe(0))
    await new TestAgent().hello()
    expect((await clientRow(id)).online).toBe(1)
    await plane.stop()
    await plane.workspace.db.updateTable('client').set({ online: 1 }).execute()
    await plane.start()
    expect((await clientRow(id)).online).toBe(0)
  })
})

describe('what goes wrong on the line', () => {
  it.each([
    ['text that is no JSON', '{"type":"hello"', closeCodes.badMessage],
    ['a message of no known type', '{"type":"format"}', closeCodes.badMessage],
    ['a truncated hello', JSON.stringify({ ...testHello(), machine: undefined }), closeCodes.badMessage],
    ['bytes', Buffer.from([1, 2, 3]), closeCodes.binary],
    ['a message beyond the limit', 'x'.repeat(maxControlMessage + 1), 1009],
    ['deep nesting', '['.repeat(100_000), closeCodes.badMessage],
    ['reports before the hello', JSON.stringify(ended(1)), closeCodes.badMessage],
  ])('closes after %s', async (_what, bytes, code) => {
    await start()
    const agent = new TestAgent()
    await agent.opened
    agent.socket.send(bytes)
    expect(await agent.closed).toBe(code)
    // Nothing else was harmed.
    expect(await new TestAgent().hello()).toMatch(/^[0-9a-f]{24}$/)
  })

  it('survives any text and any bytes', async () => {
    await start()
    const texts = fc.oneof(
      fc.string(),
      fc.json(),
      fc.integer({ min: 1, max: 200 }).map((cut) => JSON.stringify(testHello()).slice(0, -cut)),
    )
    await fc.assert(
      fc.asyncProperty(texts, fc.uint8Array({ maxLength: 200 }), async (text, bytes) => {
        const agent = new TestAgent()
        await agent.opened
        agent.socket.send(text)
        const raw = connect(plane.port, '127.0.0.1')
        const over = new Promise((resolve) => raw.once('close', resolve))
        raw.on('error', () => undefined)
        raw.write(upgradeRequest())
        // The upgrade and torn frames in one piece, then silence.
        raw.end(bytes)
        raw.resume()
        expect(await agent.closed).toBe(closeCodes.badMessage)
        await over
      }),
      { numRuns: 40 },
    )
    expect(await new TestAgent().hello()).toMatch(/^[0-9a-f]{24}$/)
  })

  it('closes a line that says nothing, one that floods, and one that died', async () => {
    await start({ timing: { hello: 50, heartbeat: 60_000 } })
    expect(await new TestAgent().closed).toBe(closeCodes.noHello)
    const flooding = new TestAgent()
    await flooding.hello()
    const beat = JSON.stringify({ type: 'heartbeat', metrics: {} })
    for (let i = 0; i < 11_000; i += 1) flooding.socket.send(beat)
    expect(await flooding.closed).toBe(closeCodes.flood)
    await plane.close()

    await start({ timing: { heartbeat: 20 } })
    const dead = new TestAgent(plane.admin, { autoPong: false })
    const id = await dead.hello()
    await until(() => !plane.hub.isOnline(id))
    await until(() => plane.listener.names().includes('disconnected'))
  })
})

describe('questions', () => {
  const measure = { items: [] }

  it('brings answers, refuses senseless ones, and passes errors on', async () => {
    await start()
    const agent = new TestAgent()
    const id = await agent.hello()
    const ask = async (reply: object) => {
      const answer = plane.hub.request(id, 'measure', measure)
      const request = await agent.next('request')
      agent.say({ type: 'reply', id: request.id, ...reply })
      return await answer
    }
    const result = { items: [{ kind: 'file', size: 5, files: 1 }] }
    expect(await ask({ result })).toEqual(result)
    await expect(ask({ result: { items: [{ kind: 'file', size: -5, files: 1 }] } })).rejects.toMatchObject({
      code: 'internal',
    })
    await expect(ask({ error: { code: 'forbidden', message: 'no' } })).rejects.toMatchObject({
      code: 'forbidden',
      message: 'no',
    })
    await expect(ask({ error: { code: 'constructor', message: 'no' } })).rejects.toMatchObject({
      code: 'internal',
    })
  })

  it('ends them when the agent is silent or gone', async () => {
    await start()
    const agent = new TestAgent()
    const id = await agent.hello()
    await expect(plane.hub.request('nobody', 'measure', measure)).rejects.toMatchObject({
      code: 'agent_offline',
    })
    await expect(plane.hub.request(id, 'measure', measure, { timeoutMs: 5 })).rejects.toMatchObject({
      code: 'timeout',
    })
    const lost = plane.hub.request(id, 'measure', measure)
    agent.socket.terminate()
    await expect(lost).rejects.toMatchObject({ code: 'agent_offline' })
    expect(plane.hub.send(id, { type: 'session.finish', session: 's', lease: 1 })).toBe(false)
  })
})

describe('reports', () => {
  it('are passed on one after the other and acknowledged when they are dealt with', async () => {
    await start()
    const agent = new TestAgent()
    const id = await agent.hello({ sessions: [{ session: 's', lease: 1 }] })
    expect(plane.listener.calls[0]?.message).toEqual([{ session: 's', lease: 1 }])
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    plane.listener.before = () => held
    for (const bytes of [1, 2, 3]) agent.say(progress(bytes))
    agent.say(results(1))
    agent.say(ended(2))
    agent.say({ type: 'reply', id: 99, result: 1 })
    // Its question is answered while the listener is still at it.
    const answer = plane.hub.request(id, 'measure', { items: [] })
    const { id: number } = await agent.next('request')
    agent.say({ type: 'reply', id: number, result: { items: [] } })
    await answer
    expect(agent.messages).toEqual([])
    release()
    expect(await agent.next('ack')).toEqual({ type: 'ack', session: 's', lease: 1, seq: 1 })
    expect(await agent.next('ack')).toMatchObject({ seq: 2 })
    expect(plane.listener.names().slice(-2)).toEqual(['results', 'ended'])
    expect(plane.listener.progress_.at(-1)?.bytes).toBe(3)
  })

  it('are heard again over a new line when the listener failed, and nothing after them before', async () => {
    await start({ log: () => undefined })
    const agent = new TestAgent()
    await agent.hello()
    plane.listener.before = () => Promise.reject(new Error('disk full'))
    agent.say(results(1))
    agent.say(ended(2))
    expect(await agent.closed).toBe(closeCodes.internal)
    expect(agent.messages).toEqual([])
    plane.listener.before = () => Promise.resolve()
    const again = new TestAgent()
    await again.hello()
    again.say(results(1))
    expect(await again.next('ack')).toMatchObject({ seq: 1 })
    expect(plane.listener.ended_).toEqual([])
  })
})

function progress(bytes: number) {
  return {
    type: 'session.progress',
    session: 's',
    lease: 1,
    bytes,
    sent: 0,
    files: 0,
    speed: 0,
    executing: [],
  }
}

function results(seq: number) {
  return { type: 'session.results', session: 's', lease: 1, seq, results: [] }
}

function ended(seq: number) {
  const end = { reason: 'finished', code: null, message: null, cipher: null }
  return { type: 'session.ended', session: 's', lease: 1, seq, ...end }
}

function upgradeRequest(): string {
  const headers = {
    Host: 'x',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    ...agentHeaders(plane.admin),
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `GET ${controlPath} HTTP/1.1\r\n${lines.join('')}\r\n`
}
