import { rm } from 'node:fs/promises'
import {
  Agent,
  ControlPlane,
  type Entity,
  hashOf,
  makeFile,
  tempDirectory,
  waitFor,
  waitForStatus,
  waitUntilMidway,
} from '@waybill/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import { cleanUpAfterwards, slow, slowSize } from '../studio.js'

/** The control plane alone, its storage agent and a desk: each can be killed by itself. */
let plane: ControlPlane
let server: Agent
let desk: Agent
const local = tempDirectory('desk')
const storage = tempDirectory('storage')
cleanUpAfterwards()
beforeAll(async () => {
  plane = await ControlPlane.start({ command: 'serve' })
  server = await Agent.start({ plane, name: 'store', type: 'server' })
  desk = await Agent.start({ plane, name: 'desk' })
  const added = await plane.command(['volume', 'add', 'storage', storage, '--agent', 'store'])
  if (added.code !== 0) throw new Error(added.stderr)
  await waitFor(async () => (await plane.admin.find('volume', 'code=storage and status=enabled'))[0], {
    what: 'the volume to be served',
  })
  await makeFile(`${local}/big.bin`, slowSize, 42)
})

/** Starts a slow copy of the big file and waits until it is in the middle. */
async function midway(direction: 'up' | 'down', name: string): Promise<Entity> {
  const [from, to] =
    direction === 'up'
      ? [desk.at(`${local}/big.bin`), `volume=storage/${name}`]
      : [`volume=storage/big.bin`, desk.at(`${local}/${name}`)]
  if (direction === 'down') await makeFile(`${storage}/big.bin`, slowSize, 43)
  const job = await plane.admin.create('transfer', { source: from, destination: to, settings: slow })
  return waitUntilMidway(plane.admin, job.id)
}

async function expectDone(job: Entity, from: string, to: string): Promise<Entity> {
  const done = await waitForStatus(plane.admin, job.id, 'done', { never: ['aborted'] })
  expect(await hashOf(to)).toBe(await hashOf(from))
  await rm(to)
  return done
}

/** Bytes that were there already, as the log says of the last run; 0 until it does, or if the first said nothing. */
async function savedBytes(job: Entity): Promise<number> {
  const runs = [
    ...(await plane.admin.log(job.id)).matchAll(/Run \d+: .*?(\d+) bytes sent, (\d+) bytes were there/g),
  ]
  const [first, last] = [runs[0], runs.at(-1)]
  return first === last || Number(first?.[1]) === 0 ? 0 : Number(last?.[2])
}

describe.each(['up', 'down'] as const)('in the middle of a transfer %s', (direction) => {
  const from = direction === 'up' ? `${local}/big.bin` : `${storage}/big.bin`
  const to = (name: string): string => (direction === 'up' ? `${storage}/${name}` : `${local}/${name}`)

  test('the control plane is killed: the transfer ends well and is reported', async () => {
    const job = await midway(direction, 'plane.bin')
    await plane.kill()
    await plane.restart()
    await expectDone(job, from, to('plane.bin'))
  })

  test('the storage agent is killed: the job waits, goes on where it was, and is no failure', async () => {
    const job = await midway(direction, 'store.bin')
    await server.kill()
    const waiting = await waitForStatus(plane.admin, job.id, 'waiting', { never: ['failed', 'aborted'] })
    expect(waiting.status_code).toMatch(/^W#J0(50|52)$/)
    const before = Number(waiting.transferred)
    server.start()
    const running = await waitForStatus(plane.admin, job.id, 'running')
    expect(Number(running.transferred)).toBeGreaterThanOrEqual(before / 2)
    const done = await expectDone(job, from, to('store.bin'))
    expect(done.retries).toBe(0)
  })

  test('the other agent is killed: the same', async () => {
    const job = await midway(direction, 'desk.bin')
    await desk.kill()
    await waitForStatus(plane.admin, job.id, 'waiting', { never: ['failed', 'aborted'] })
    desk.start()
    await expectDone(job, from, to('desk.bin'))
    // Its log says what each run moved, and what the last one did not have to.
    await waitFor(async () => (await savedBytes(job)) > 0, { what: 'the log to say what was saved' })
  })

  test('everything is killed: it goes on after all is back', async () => {
    const job = await midway(direction, 'all.bin')
    await Promise.all([plane.kill(), server.kill(), desk.kill()])
    desk.start()
    server.start()
    await plane.restart()
    await expectDone(job, from, to('all.bin'))
  })
})

test('an agent that is asked to stop in the middle ends at once and cleanly, and the job waits', async () => {
  const job = await midway('up', 'term.bin')
  expect(await desk.stop()).toEqual({ code: 0, signal: null })
  await waitForStatus(plane.admin, job.id, 'waiting', { never: ['failed', 'aborted'] })
  desk.start()
  await expectDone(job, `${local}/big.bin`, `${storage}/term.bin`)
})

test('a source that changes while its agent is dead arrives as it is then', async () => {
  const job = await midway('up', 'changed.bin')
  await desk.kill()
  await waitForStatus(plane.admin, job.id, 'waiting')
  await makeFile(`${local}/big.bin`, slowSize - 12_345, 99)
  desk.start()
  await expectDone(job, `${local}/big.bin`, `${storage}/changed.bin`)
})

test('a transfer that ends while the control plane is dead is reported after', async () => {
  await makeFile(`${local}/short.bin`, 12_000_000, 5)
  const job = await plane.admin.create('transfer', {
    source: desk.at(`${local}/short.bin`),
    destination: 'volume=storage/short.bin',
    settings: { transfer_speedlimit: '6' },
  })
  await waitUntilMidway(plane.admin, job.id)
  await plane.kill()
  // Agents finish what they hold, or wait; either way nothing is lost.
  await plane.restart()
  await expectDone(job, `${local}/short.bin`, `${storage}/short.bin`)
})
