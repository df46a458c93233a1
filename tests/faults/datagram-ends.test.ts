import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  Agent,
  ControlPlane,
  hashOf,
  makeFile,
  tempDirectory,
  waitFor,
  waitForStatus,
  waitUntilMidway,
} from '@waybill/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cleanUpAfterwards, slow } from '../studio.js'

/** Two agents whose data travels as datagrams, and each of which can be killed. */
let plane: ControlPlane
let store: Agent
let desk: Agent
const local = tempDirectory('desk')
const storage = tempDirectory('storage')
/** With `slow`, about three seconds. */
const size = 24_000_000
const settings = { ...slow, transfer_transport: 'udp' }

/** All processes have a date that this file shifts; milliseconds. */
const clock = join(tempDirectory('clock'), 'shift')
const env = {
  NODE_OPTIONS: `--import=${fileURLToPath(new URL('../../packages/testkit/dist/faults/clock.js', import.meta.url))}`,
  WAYBILL_TEST_CLOCK: clock,
}
const hour = 3_600_000

/** A file system that holds half of the file; undefined where nobody may mount one. */
const small = smallDisk()
function smallDisk(): string | undefined {
  if (process.platform !== 'linux') return undefined
  const path = tempDirectory('disk')
  const mount = ['-t', 'tmpfs', '-o', 'size=28m', 'tmpfs', path]
  return spawnSync('mount', mount, { stdio: 'ignore' }).status === 0 ? path : undefined
}
afterAll(() => {
  if (small !== undefined) spawnSync('umount', ['-l', small])
})

cleanUpAfterwards()
beforeAll(async () => {
  plane = await ControlPlane.start({ command: 'serve', env })
  ;[store, desk] = await Promise.all([
    Agent.start({ plane, name: 'store', type: 'server', env }),
    Agent.start({ plane, name: 'desk', env }),
    makeFile(`${local}/big.bin`, size, 42),
  ])
  const added = await plane.command(['volume', 'add', 'storage', storage, '--agent', 'store'])
  if (added.code !== 0) throw new Error(added.stderr)
  await waitFor(async () => (await plane.admin.find('volume', 'code=storage and status=enabled'))[0], {
    what: 'the volume to be served',
  })
})

test.each([
  ['receiver', () => store],
  ['sender', () => desk],
])('the %s is killed in the middle: nothing stands under its name, and it goes on', async (name, agent) => {
  const job = await plane.admin.create('transfer', {
    source: desk.at(`${local}/big.bin`),
    destination: `volume=storage/${name}.bin`,
    settings,
  })
  await waitUntilMidway(plane.admin, job.id)
  await agent().kill()
  await waitForStatus(plane.admin, job.id, 'waiting', { never: ['failed', 'aborted', 'done'] })
  expect(existsSync(`${storage}/${name}.bin`)).toBe(false)
  agent().start()
  await waitForStatus(plane.admin, job.id, 'done', { never: ['failed', 'aborted'] })
  expect(await hashOf(`${storage}/${name}.bin`)).toBe(await hashOf(`${local}/big.bin`))
  expect(await plane.admin.log(job.id)).toMatch(/1 files, \d+ bytes sent, [1-9]\d+ bytes were there already/)
})

test.skipIf(small === undefined)(
  'the receiver has space for half of it: that is told, nothing stands under its name, and it goes on',
  async () => {
    const place = String(small)
    await writeFile(`${place}/ballast`, Buffer.alloc(15_000_000))
    await makeFile(`${storage}/full.bin`, size, 43)
    const job = await plane.admin.create('transfer', {
      source: 'volume=storage/full.bin',
      destination: desk.at(`${place}/full.bin`),
      settings: { transfer_transport: 'udp' },
    })
    const failed = await waitForStatus(plane.admin, job.id, 'failed', { never: ['done', 'aborted'] })
    expect(await plane.admin.tasks(job.id)).toMatchObject([{ status: 'failed', status_code: 'E#J066' }])
    expect(String(failed.status_hr)).toMatch(/space/i)
    // What has a journal stays, so that it need not come again.
    const left = await readdir(place)
    expect(left.filter((name) => !/^\.waybill-[0-9a-f]{32}\.(part|journal)$/.test(name))).toEqual(['ballast'])
    await writeFile(`${place}/ballast`, '')
    await plane.admin.edit('transfer', job.id, { status: 'waiting' })
    await waitForStatus(plane.admin, job.id, 'done')
    expect(await hashOf(`${place}/full.bin`)).toBe(await hashOf(`${storage}/full.bin`))
    expect((await readdir(place)).sort()).toEqual(['ballast', 'full.bin'])
  },
)

test('clocks jump in the middle of a transfer, and it does not care', async () => {
  const job = await plane.admin.create('transfer', {
    source: desk.at(`${local}/big.bin`),
    destination: 'volume=storage/clock.bin',
    settings,
  })
  for (const shift of [5 * hour, -30 * hour]) {
    const { transferred } = await waitUntilMidway(plane.admin, job.id)
    await writeFile(clock, String(shift))
    await waitFor(
      async () => Number((await plane.admin.get('transfer', job.id))?.transferred) > Number(transferred),
      { what: 'the transfer to go on' },
    )
  }
  await waitForStatus(plane.admin, job.id, 'done', { never: ['waiting', 'failed', 'aborted'] })
  expect(await plane.admin.log(job.id)).toMatch(`Run 1: 1 files, ${size} bytes sent`)
  expect(await hashOf(`${storage}/clock.bin`)).toBe(await hashOf(`${local}/big.bin`))
  await Promise.all([desk.online(), store.online()])
})
