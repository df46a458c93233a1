import { randomBytes } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import { copyFile, readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import {
  Agent,
  ControlPlane,
  type Entity,
  hashOf,
  tempDirectory,
  waitFor,
  waitForStatus,
  waitUntilMidway,
} from '@waybill/testkit'
import { beforeAll, expect, test } from 'vitest'
import { cleanUpAfterwards, slow } from '../studio.js'

const size = 40_000_000

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
})

/** Sends a file that lies at the destination already, but for its first `fresh` bytes and some here and there. */
async function sendChanged(name: string, fresh: number, settings: Record<string, string>): Promise<Entity> {
  await writeFile(`${storage}/${name}`, randomBytes(size))
  await utimes(`${storage}/${name}`, 1_700_000_000, 1_700_000_000)
  await copyFile(`${storage}/${name}`, `${local}/${name}`)
  const file = openSync(`${local}/${name}`, 'r+')
  writeSync(file, randomBytes(fresh), 0, fresh, 0)
  for (let at = fresh; at < size - 10; at += 4_000_000) writeSync(file, 'other', at)
  closeSync(file)
  return plane.admin.create('transfer', {
    source: desk.at(`${local}/${name}`),
    destination: `volume=storage/${name}`,
    settings,
  })
}

/** Bytes that crossed the line, run by run, as the job's log tells. */
async function sentBy(job: Entity): Promise<number[]> {
  const log = await plane.admin.log(job.id)
  return [...log.matchAll(/(\d+) bytes sent/g)].map(([, bytes]) => Number(bytes))
}

async function expectDone(job: Entity, name: string): Promise<number[]> {
  await waitForStatus(plane.admin, job.id, 'done', { never: ['failed', 'aborted'] })
  expect(await hashOf(`${storage}/${name}`)).toBe(await hashOf(`${local}/${name}`))
  expect((await readdir(storage)).filter((file) => file.startsWith('.waybill'))).toEqual([])
  return sentBy(job)
}

test('of a file that changed a little what differs is sent, and the log says how much', async () => {
  const job = await sendChanged('little.bin', 10_000, { transfer_delta: 'always' })
  const sent = await expectDone(job, 'little.bin')
  expect(sent).toHaveLength(1)
  expect(sent[0]).toBeLessThan(400_000)
})

test('all of it is sent where that is set', async () => {
  const job = await sendChanged('whole.bin', 10_000, { transfer_delta: 'never' })
  expect(await expectDone(job, 'whole.bin')).toEqual([size])
})

test.each(['store', 'desk'])(
  '%s is killed in the middle: the older file stays, and it goes on',
  async (which) => {
    const killed = which === 'store' ? server : desk
    // The limit makes it worth while by itself, and what is new keeps it busy for some seconds.
    const name = `${which}.bin`
    const job = await sendChanged(name, 24_000_000, slow)
    await waitUntilMidway(plane.admin, job.id)
    const older = await readFile(`${storage}/${name}`)
    await killed.kill()
    await waitForStatus(plane.admin, job.id, 'waiting', { never: ['failed', 'aborted'] })
    expect((await readFile(`${storage}/${name}`)).equals(older)).toBe(true)
    killed.start()
    const sent = await expectDone(job, name)
    expect(sent.at(-1)).toBeLessThan(24_000_000)
  },
)
