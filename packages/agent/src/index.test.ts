import { randomBytes, randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SessionSpec, ToAgent } from '@waybill/api'
import { afterEach, expect, it, vi } from 'vitest'
import { type TestControlPlane, testControlPlane } from '../../server/src/agents/testing.js'
import { tempDirectory } from '../../testkit/src/temp.js'
import { type RunningAgent, runAgent } from './index.js'

let plane: TestControlPlane
const agents: RunningAgent[] = []

afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.stop()))
  await plane.close()
})

async function start(name: string): Promise<string> {
  const { email, key } = plane.admin
  const agent = await runAgent({
    server: plane.url,
    workspace: 'studio',
    user: email,
    apiKey: key,
    type: 'userserver',
    name,
    state: tempDirectory('agent'),
    log: () => undefined,
  })
  agents.push(agent)
  await agent.welcomed
  const row = plane.workspace.db.selectFrom('client').select('id').where('code', '=', name)
  return (await row.executeTakeFirstOrThrow()).id
}

/** The control plane's part in one session, played by hand: everything else is as it is at work. */
it('moves a file between two agents as the control plane says', async () => {
  plane = await testControlPlane()
  const [source, target] = [await start('from'), await start('to')]
  const [from, to] = [tempDirectory('from'), tempDirectory('to')]
  const content = randomBytes(3_000_000)
  writeFileSync(join(from, 'A001 ü.mov'), content)
  const measured = await plane.hub.request(source, 'measure', {
    items: [{ location: { root: from, path: 'A001 ü.mov' }, include: '', exclude: '' }],
  })
  expect(measured.items).toEqual([{ kind: 'file', size: content.length, files: 1 }])

  const shared = {
    session: randomUUID(),
    lease: 1,
    job: 'job',
    identity: randomUUID(),
    key: randomBytes(32).toString('base64'),
    cipher: 'aes128',
    connections: 2,
    rate: -1,
  } as const
  const listen: SessionSpec = { ...shared, role: 'send', link: { kind: 'listen', ports: [45190, 45209] } }
  const { port } = await plane.hub.request(source, 'session.open', listen)
  const link: SessionSpec['link'] = { kind: 'connect', addresses: ['127.0.0.1'], port: port ?? 0 }
  const opened = await plane.hub.request(target, 'session.open', { ...shared, role: 'receive', link })
  expect(opened.cipher).toMatch(/AES-128-GCM/)

  const { session, lease } = shared
  const task = { index: 0, task: randomUUID(), size: content.length, include: '', exclude: '' }
  const tasksAt = (root: string): ToAgent => ({
    type: 'session.tasks',
    session,
    lease,
    tasks: [{ ...task, location: { root, path: 'A001 ü.mov' } }],
  })
  plane.hub.send(source, tasksAt(from))
  plane.hub.send(target, tasksAt(to))
  for (const client of [source, target]) plane.hub.send(client, { type: 'session.finish', session, lease })

  await vi.waitFor(() => expect(plane.listener.ended_).toHaveLength(2), { timeout: 15_000 })
  expect(plane.listener.ended_.map(({ reason }) => reason)).toEqual(['finished', 'finished'])
  const results = plane.listener.results_.flatMap((message) => message.results)
  expect(results).toMatchObject([{ task: task.task, status: 'done', size: content.length, files: 1 }])
  expect(readFileSync(join(to, 'A001 ü.mov')).equals(content)).toBe(true)
})
