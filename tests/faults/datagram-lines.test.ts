import { fileURLToPath } from 'node:url'
import {
  Agent,
  ControlPlane,
  DatagramProxy,
  differences,
  type Entity,
  hashOf,
  makeFile,
  makeManyFiles,
  readTree,
  tempDirectory,
  waitFor,
  waitForStatus,
  waitUntilMidway,
} from '@waybill/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cleanUpAfterwards, slow } from '../studio.js'

const redirect = fileURLToPath(new URL('../../packages/testkit/dist/faults/redirect.js', import.meta.url))
const dataPorts = Array.from({ length: 20 }, (_, index) => 45_190 + index)
/** With `slow`, about three seconds. */
const size = 24_000_000
const overDatagrams = { transfer_transport: 'udp' }

/** A machine whose datagrams to the storage and back go over a line of its own. */
interface Far {
  readonly agent: Agent
  readonly line: DatagramProxy
  readonly local: string
}

let plane: ControlPlane
let far: Record<'wild' | 'gone' | 'half', Far>
const storage = tempDirectory('storage')
cleanUpAfterwards()
afterAll(() => {
  for (const { line } of Object.values(far)) line.close()
})

beforeAll(async () => {
  plane = await ControlPlane.start({ command: 'serve' })
  const [wild, gone, half] = await Promise.all([
    startFar('wild'),
    startFar('gone'),
    startFar('half'),
    Agent.start({ plane, name: 'store', type: 'server' }),
  ])
  far = { wild, gone, half }
  const added = await plane.command(['volume', 'add', 'storage', storage, '--agent', 'store'])
  if (added.code !== 0) throw new Error(added.stderr)
})

async function startFar(name: string): Promise<Far> {
  const line = await DatagramProxy.before(...dataPorts.map((port) => ({ host: '127.0.0.1', port })))
  const env = {
    NODE_OPTIONS: `--import=${redirect}`,
    WAYBILL_TEST_REDIRECT_DATAGRAMS: JSON.stringify(Object.fromEntries(line.ports)),
  }
  const local = tempDirectory(name)
  await makeFile(`${local}/big.bin`, size, name.length)
  return { agent: await Agent.start({ plane, name, env }), line, local }
}

/** A slow upload that is in the middle. */
async function midway({ agent, local }: Far): Promise<string> {
  const job = await plane.admin.create('transfer', {
    source: agent.at(`${local}/big.bin`),
    destination: `volume=storage/${agent.name}.bin`,
    settings: { ...slow, ...overDatagrams },
  })
  await waitUntilMidway(plane.admin, job.id)
  return job.id
}

async function expectDone(job: string, { agent, local }: Far): Promise<Entity> {
  const done = await waitForStatus(plane.admin, job, 'done', { never: ['aborted', 'failed'] })
  expect(await hashOf(`${storage}/${agent.name}.bin`)).toBe(await hashOf(`${local}/big.bin`))
  expect(await plane.admin.tasks(job)).toMatchObject([{ status: 'done' }])
  return done
}

/** Waits until a running job stands still for many looks in a row. */
async function expectNothingMoves(job: string): Promise<void> {
  let before: unknown
  let looks = 0
  await waitFor(
    async () => {
      const now = (await plane.admin.get('transfer', job))?.transferred
      looks = now === before ? looks + 1 : 0
      before = now
      return looks === 20
    },
    { what: 'the silence to show', everyMs: 100 },
  )
}

/** Waits until the run of a job was given up because of its line; answers with what people are told. */
async function expectLost(job: string): Promise<Entity> {
  const waiting = await waitForStatus(plane.admin, job, 'waiting', { never: ['failed', 'aborted', 'done'] })
  expect(waiting.status_code).toBe('E#J004')
  return waiting
}

test.concurrent('a line that loses, repeats, reorders and damages, and is silent for a while: all arrives as it was', async () => {
  const { agent, line, local } = far.wild
  Object.assign(line.faults, { loss: 0.03, duplicate: 0.05, reorder: 0.1, corrupt: 0.02 })
  await makeManyFiles(`${local}/tree`, 500, 3000)
  await makeFile(`${local}/tree/large.bin`, 12_000_000, 3)
  const up = await plane.admin.create('transfer', {
    source: agent.at(`${local}/tree`),
    destination: 'volume=storage/tree',
    settings: overDatagrams,
  })
  await waitForStatus(plane.admin, up.id, 'done', { never: ['aborted', 'failed'] })
  const down = await plane.admin.create('transfer', {
    source: 'volume=storage/tree',
    destination: agent.at(`${local}/back`),
    settings: overDatagrams,
  })
  await waitForStatus(plane.admin, down.id, 'done', { never: ['aborted', 'failed'] })
  expect(differences(await readTree(`${local}/tree`), await readTree(`${local}/back`))).toEqual([])
  for (const job of [up, down]) {
    expect(await plane.admin.log(job.id)).toMatch(/Run 1: 501 files, \d+ bytes sent, 0 bytes were there/)
  }
  // All of it went over the line, which did to it what it was told to.
  expect(line.seen.bytes).toBeGreaterThan(2 * 12_000_000)
  expect(line.seen.corrupted).toBeGreaterThan(0)
  Object.assign(line.faults, { loss: 0, duplicate: 0, reorder: 0, corrupt: 0 })

  // Silent for a while: the same run goes on, and sends nothing twice.
  const job = await midway(far.wild)
  line.silence('up', 'down')
  await expectNothingMoves(job)
  line.silence()
  await expectDone(job, far.wild)
  expect(await plane.admin.log(job)).toMatch(`Run 1: 1 files, ${size} bytes sent, 0 bytes were there`)
})

test.concurrent('a line that stays silent is given up, and the rest goes over TCP when somebody says so', async () => {
  const { line } = far.gone
  const job = await midway(far.gone)
  line.silence('up', 'down')
  await expectLost(job)
  const set = await plane.command(['setting', 'set', 'transfer_transport', 'tcp', '--job', job])
  expect(set.stderr).toBe('')
  await expectDone(job, far.gone)
  const { bytes } = line.seen
  expect(bytes).toBeLessThan(size)
  expect(await plane.admin.log(job)).toMatch(/1 files, \d+ bytes sent, [1-9]\d+ bytes were there already/)
})

test.concurrent('a line with one direction left is given up, and the transfer goes on once it is whole', async () => {
  const { line } = far.half
  const job = await midway(far.half)
  line.silence('down')
  await expectLost(job)
  line.silence()
  await expectDone(job, far.half)
  expect(await plane.admin.log(job)).toMatch(/1 files, \d+ bytes sent, [1-9]\d+ bytes were there already/)
})
