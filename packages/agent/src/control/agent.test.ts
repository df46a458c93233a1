import { X509Certificate } from 'node:crypto'
import { createServer as createTlsServer } from 'node:https'
import { createServer } from 'node:net'
import { generate } from 'selfsigned'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createKey } from '../../../server/src/access/keys.js'
import { addUser } from '../../../server/src/access/users.js'
import {
  type TestControlPlane,
  type TestControlPlaneOptions,
  testControlPlane,
} from '../../../server/src/agents/testing.js'
import { FaultProxy } from '../../../testkit/src/faults/fault-proxy.js'
import { tempDirectory } from '../../../testkit/src/temp.js'
import { type AgentOptions, type RunningAgent, startAgent } from './run-agent.js'
import { IdleEngine, testResult, testSpec } from './sessions/testing.js'

let plane: TestControlPlane
const agents: RunningAgent[] = []
const proxies: FaultProxy[] = []

async function startPlane(options: TestControlPlaneOptions = {}): Promise<void> {
  plane = await testControlPlane(options)
}

afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.stop()))
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()))
  await plane.close()
})

interface Started extends RunningAgent {
  readonly engine: IdleEngine
  readonly log: string[]
  readonly state: string
}

async function start(options: Partial<AgentOptions> = {}): Promise<Started> {
  const log: string[] = []
  const state = options.state ?? tempDirectory('agent')
  let engine: IdleEngine | undefined
  const agent = await startAgent({
    server: plane.url,
    workspace: 'studio',
    user: plane.admin.email,
    apiKey: plane.admin.key,
    type: 'userserver',
    name: 'edit-1',
    state,
    log: (level, message) => log.push(`${level} ${message}`),
    engine: (events) => {
      engine = new IdleEngine(events)
      return engine
    },
    ...options,
  })
  agents.push(agent)
  if (engine === undefined) throw new Error('no engine was made')
  return { ...agent, engine, log, state }
}

async function until(condition: () => unknown): Promise<void> {
  await vi.waitFor(() => expect(condition()).toBeTruthy(), { timeout: 15_000, interval: 5 })
}

async function onlineClient(): Promise<string> {
  return await vi.waitFor(
    async () => {
      const rows = await plane.workspace.db.selectFrom('client').select('id').execute()
      const online = rows.find(({ id }) => plane.hub.isOnline(id))
      if (online === undefined) throw new Error('no agent is online')
      return online.id
    },
    { timeout: 15_000, interval: 5 },
  )
}

async function proxy(): Promise<FaultProxy> {
  const made = await FaultProxy.before({ host: '127.0.0.1', port: plane.port })
  proxies.push(made)
  return made
}

describe('an agent and its control plane', () => {
  it('serves the volume that waits for a server', async () => {
    const volumePath = `${tempDirectory('volume')}/storage`
    await startPlane({ volumePath })
    const { welcomed } = await start({ type: 'server' })
    await welcomed
    const rows = await plane.workspace.db.selectFrom('share_server').select('path').execute()
    expect(rows).toEqual([{ path: volumePath }])
  })

  it('brings what ended while the server was away, each report once', async () => {
    await startPlane()
    const { engine, welcomed } = await start()
    await welcomed
    const client = await onlineClient()
    await plane.hub.request(client, 'session.open', testSpec('a', 1))
    let die: () => void = () => undefined
    const death = new Promise<void>((_resolve, reject) => {
      die = () => reject(new Error('killed'))
    })
    death.catch(() => undefined)
    plane.listener.before = (call) => (call === 'results' ? death : Promise.resolve())
    engine.events.results('a', [testResult('t1')])
    // The server dies with a report that it has heard and not dealt with.
    await plane.hub.request(client, 'measure', { items: [] })
    die()
    await plane.stop()
    engine.events.results('a', [testResult('t2'), testResult('t3')])
    engine.end('a')
    plane.listener.before = () => Promise.resolve()
    plane.listener.calls.length = 0
    await plane.start()
    await until(() => plane.listener.ended_.length > 0)
    const [connected] = plane.listener.calls
    expect(connected?.message).toEqual([{ session: 'a', lease: 1 }])
    const bySeq = new Map(plane.listener.results_.map(({ seq, results }) => [seq, results]))
    const tasks = [...bySeq].sort(([a], [b]) => a - b).flatMap(([, results]) => results)
    expect(tasks.map(({ task }) => task)).toEqual(['t1', 't2', 't3'])
    expect(plane.listener.ended_[0]?.seq).toBe(bySeq.size + 1)
  })

  it('goes on with its sessions when the line breaks, and obeys again when it is back', async () => {
    await startPlane()
    const { port, ...line } = await proxyParts()
    const { engine, welcomed, log } = await start({ server: `http://127.0.0.1:${port}` })
    await welcomed
    const client = await onlineClient()
    await plane.hub.request(client, 'session.open', testSpec('a', 1))
    line.proxy.cut()
    await until(() => plane.listener.names().filter((name) => name === 'connected').length >= 2)
    expect(plane.listener.calls.at(-1)?.message).toEqual([{ session: 'a', lease: 1 }])
    expect(engine.calls).toEqual(['open a'])
    plane.hub.send(client, { type: 'session.finish', session: 'a', lease: 1 })
    await until(() => engine.calls.includes('finish a'))
    await until(() => log.filter((entry) => entry.startsWith('info Connected')).length >= 2)
  })

  it('notices a server that is silent, and is noticed', async () => {
    await startPlane({ timing: { heartbeat: 50 } })
    const { port, proxy: cable } = await proxyParts()
    const { log, welcomed } = await start({ server: `http://127.0.0.1:${port}`, heartbeat: 50 })
    await welcomed
    cable.silence()
    await until(() => plane.listener.names().includes('disconnected'))
    await until(() => log.some((entry) => entry.includes('silent')))
    cable.speak()
    await until(() => plane.listener.names().filter((name) => name === 'connected').length >= 2)
  })

  it('drops what the control plane wants no more', async () => {
    await startPlane()
    const { engine, welcomed } = await start()
    await welcomed
    await plane.hub.request(await onlineClient(), 'session.open', testSpec('a', 1))
    plane.listener.drop = [{ session: 'a', lease: 1 }]
    await plane.stop()
    await plane.start()
    await until(() => engine.calls.includes('stop a'))
  })
})

describe('what an agent puts up with', () => {
  it('tries until its key is good and its user is a member', async () => {
    await startPlane()
    const email = 'late@example.com'
    const { key } = await createKey(plane.store, email)
    const { log, welcomed } = await start({ user: email, apiKey: key })
    await until(() => log.some((entry) => entry.includes('late@example.com is no user')))
    const wrong = await start({ apiKey: 'wrong', name: 'other' })
    await until(() => wrong.log.some((entry) => entry.includes('API key is wrong')))
    const by = { email: plane.admin.email, now: Date.now() }
    await plane.workspace.transaction((tx) =>
      addUser(tx, plane.workspace.id, { email, role: 'standard' }, by),
    )
    await welcomed
    // Said once, however often it was tried.
    expect(log.filter((entry) => entry.includes('is no user'))).toHaveLength(1)
  })

  it('waits for a server that is not up yet', async () => {
    await startPlane()
    await plane.stop()
    const { log, welcomed } = await start()
    await until(() => log.some((entry) => entry.includes('Cannot connect')))
    await plane.start()
    await welcomed
  })

  it('is told when another agent has its name, and takes over when that one stops', async () => {
    await startPlane()
    const first = await start()
    await first.welcomed
    const second = await start()
    await until(() => second.log.some((entry) => entry.includes('--name')))
    await first.stop()
    await second.welcomed
  })

  it('survives a server that talks nonsense', async () => {
    await startPlane()
    const answers = ['HTTP/1.1 200 OK\r\n\r\nhello', 'SSH-2.0-OpenSSH\r\n', '', '\u0000\u0001\u0002']
    let calls = 0
    const nonsense = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.end(answers[calls % answers.length] ?? '')
      calls += 1
    })
    await new Promise<void>((resolve) => nonsense.listen(0, '127.0.0.1', resolve))
    const address = nonsense.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    await start({ server: `http://127.0.0.1:${address.port}` })
    await until(() => calls > answers.length)
    nonsense.close()
  })

  it.each([{ server: 'ftp://x' }, { server: 'nonsense' }, { name: 'a:b' }, { fingerprint: 'AA:BB' }])(
    'refuses %j',
    async (options) => {
      await startPlane()
      await expect(start(options)).rejects.toThrow(/^Not (the address|a name|a fingerprint)/)
    },
  )
})

describe('over TLS', () => {
  async function certificate() {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'x' }], { keyType: 'ec' })
    return { key, cert, fingerprint: new X509Certificate(cert).fingerprint256 }
  }

  it('keeps to the certificate that it knows, and sends its key to no other', async () => {
    const mine = await certificate()
    await startPlane({ tls: mine })
    const first = await start({ fingerprint: mine.fingerprint })
    await first.welcomed
    await first.stop()

    const { url } = plane
    const { port } = new URL(url)
    await plane.close()
    const other = await certificate()
    const asked: string[] = []
    const imposter = createTlsServer(other)
    imposter.on('upgrade', (request, socket) => {
      asked.push(request.headers.authorization ?? '')
      socket.destroy()
    })
    await new Promise<void>((resolve) => imposter.listen(Number(port), '127.0.0.1', resolve))
    const again = await start({ server: url, state: first.state })
    await until(() => again.log.some((entry) => entry.includes('has changed')))
    const demanding = await start({ server: url, fingerprint: '00'.repeat(32) })
    await until(() => demanding.log.some((entry) => entry.includes('not the one asked for')))
    expect(asked).toEqual([])
    // What is accepted by hand is accepted.
    await again.stop()
    await start({ server: url, state: first.state, fingerprint: other.fingerprint })
    await until(() => asked.length > 0)
    imposter.close()
    imposter.closeAllConnections()
    await startPlane()
  })
})

async function proxyParts(): Promise<{ proxy: FaultProxy; port: number }> {
  const made = await proxy()
  return { proxy: made, port: made.port }
}
