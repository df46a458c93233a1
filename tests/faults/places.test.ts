import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { hashOf, readTree, tempDirectory, waitForStatus } from '@waybill/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cleanUpAfterwards, deskFile, openStudio, type Studio, storageFile } from '../studio.js'

let studio: Studio
cleanUpAfterwards()
beforeAll(async () => {
  studio = await openStudio()
})

/** A mounted file system of a few megabytes; undefined where nobody may mount one. */
function smallDisk(options: string): string | undefined {
  if (process.platform !== 'linux') return undefined
  const path = tempDirectory('disk')
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { stdio: 'ignore' })
  return status === 0 ? path : undefined
}
const small = smallDisk('size=4m')
const readOnly = smallDisk('size=1m,ro')
afterAll(() => {
  for (const path of [small, readOnly]) if (path !== undefined) spawnSync('umount', ['-l', path])
})

/** Two tasks to one place each, of which the first must fail. */
async function failing(
  first: { source: string; destination: string },
  name: string,
): Promise<Record<string, unknown>> {
  const { admin, desk } = studio
  const good = await deskFile(studio, `good ${name}`)
  const job = await admin.create('transfer', {
    tasks: [first, { source: desk.at(good), destination: `volume=storage/good ${name}` }],
  })
  const failed = await waitForStatus(admin, job.id, 'failed', { never: ['done', 'aborted'] })
  const [bad, other] = await admin.tasks(job.id)
  expect(other).toMatchObject({ status: 'done' })
  expect(await hashOf(`${studio.storage}/good ${name}`)).toBe(await hashOf(good))
  expect(String(failed.status_hr)).toMatch(/\S/)
  expect(await admin.log(job.id)).toContain(String(bad?.status_code))
  return { ...bad }
}

describe('the place to write to', () => {
  test('is a file where a directory is needed', async () => {
    const { desk, storage } = studio
    await writeFile(`${storage}/blocked`, 'a file')
    const path = await deskFile(studio, 'blocked.bin')
    const task = await failing(
      { source: desk.at(path), destination: 'volume=storage/blocked/x/y.bin' },
      'blocked',
    )
    expect(task).toMatchObject({ status: 'failed', status_code: 'E#J057' })
    expect(String(task.status_hr)).toMatch(/blocked/)
  })

  test('is a directory where a file should be', async () => {
    const { desk, storage } = studio
    await mkdir(`${storage}/occupied.bin/inside`, { recursive: true })
    const path = await deskFile(studio, 'occupied.bin')
    const task = await failing(
      { source: desk.at(path), destination: 'volume=storage/occupied.bin' },
      'occupied',
    )
    expect(task).toMatchObject({ status: 'failed', status_code: 'E#J057' })
    expect(existsSync(`${storage}/occupied.bin/inside`)).toBe(true)
  })

  test.skipIf(readOnly === undefined)('takes no writing', async () => {
    const { admin, desk } = studio
    const down = await admin.create('transfer', {
      source: await storageFile(studio, 'ro.bin', 100),
      destination: desk.at(`${String(readOnly)}/ro.bin`),
    })
    await waitForStatus(admin, down.id, 'failed', { never: ['done', 'aborted'] })
    expect(await admin.tasks(down.id)).toMatchObject([{ status: 'failed', status_code: 'E#J057' }])
  })

  test.skipIf(small === undefined)(
    'is full: the task fails, leaves nothing half written, and goes on with space',
    async () => {
      const { admin, desk } = studio
      const place = String(small)
      await writeFile(`${place}/ballast`, Buffer.alloc(3 * 1024 * 1024))
      const job = await admin.create('transfer', {
        source: await storageFile(studio, 'full.bin', 2_500_000),
        destination: desk.at(`${place}/full.bin`),
      })
      const failed = await waitForStatus(admin, job.id, 'failed', { never: ['done', 'aborted'] })
      expect(await admin.tasks(job.id)).toMatchObject([{ status: 'failed', status_code: 'E#J066' }])
      expect(String(failed.status_hr)).toMatch(/space/i)
      expect(existsSync(`${place}/full.bin`)).toBe(false)
      expect(await readdir(place)).toContain('ballast')
      await writeFile(`${place}/ballast`, '')
      await admin.edit('transfer', job.id, { status: 'waiting' })
      await waitForStatus(admin, job.id, 'done')
      expect(await hashOf(`${place}/full.bin`)).toBe(await hashOf(`${studio.storage}/full.bin`))
    },
  )
})

describe('the place to read from', () => {
  test('has nothing: that task fails, the others go on', async () => {
    const { desk, local } = studio
    const task = await failing(
      { source: desk.at(`${local}/not there ä.bin`), destination: 'volume=storage/x' },
      'missing',
    )
    expect(task).toMatchObject({ status: 'failed', status_code: 'E#J001' })
    expect(String(task.status_hr)).toContain('not there ä.bin')
  })

  test('is no file at all', async () => {
    if (process.platform !== 'linux') return
    const { desk, storage } = studio
    const task = await failing({ source: desk.at('/dev/zero'), destination: 'volume=storage/zero' }, 'device')
    expect(task.status).toBe('failed')
    expect(existsSync(`${storage}/zero`)).toBe(false)
  })

  test('is a sequence without a frame', async () => {
    const { desk, local } = studio
    const task = await failing(
      { source: desk.at(`${local}/none.%04d.exr[1-5]`), destination: 'volume=storage/none/' },
      'frameless',
    )
    expect(task).toMatchObject({ status: 'failed', status_code: 'E#J001' })
  })

  test('leaves nothing behind where it failed', async () => {
    const tree = await readTree(studio.storage)
    expect([...tree.keys()].filter((path) => /waybill|\.part|\.tmp/i.test(path))).toEqual([])
  })
})
