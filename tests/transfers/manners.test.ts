import { readdir } from 'node:fs/promises'
import {
  hashOf,
  makeFile,
  readTree,
  transferred,
  waitFor,
  waitForStatus,
  waitUntilMidway,
} from '@waybill/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  cleanUpAfterwards,
  deskFile,
  openStudio,
  type Studio,
  slow,
  slowSize,
  slowUpload,
} from '../studio.js'

let studio: Studio
cleanUpAfterwards()
beforeAll(async () => {
  studio = await openStudio()
})

test('a file stands under its name only when it is complete', async () => {
  const { admin, desk, local, storage } = studio
  const sizes = [5_000_000, 3_000_000, 7_000_000, 100, 1_000_000, 4_000_000]
  for (const [index, size] of sizes.entries()) await deskFile(studio, `whole/f${index}.bin`, size)
  const expected = await readTree(`${local}/whole`)
  const job = await admin.create('transfer', {
    source: desk.at(`${local}/whole`),
    destination: 'volume=storage/whole',
    settings: slow,
  })
  let seen = 0
  const seenPartly = new Set<number>()
  await waitFor(
    async () => {
      const status = (await admin.get('transfer', job.id))?.status
      const names = (await readdir(`${storage}/whole`).catch(() => [])).filter((name) => expected.has(name))
      for (const name of names)
        expect(await hashOf(`${storage}/whole/${name}`)).toBe(expected.get(name)?.content)
      seenPartly.add(names.length)
      seen = names.length
      return status === 'done'
    },
    { what: 'the transfer to be done', everyMs: 5 },
  )
  expect(seen).toBe(sizes.length)
  // It was watched while it ran, not after.
  expect(seenPartly.size).toBeGreaterThan(2)
  expect([...(await readTree(`${storage}/whole`)).keys()].sort()).toEqual([...expected.keys()].sort())
})

describe('a speed limit', () => {
  test('of the job holds', async () => {
    const { admin } = studio
    const job = await slowUpload(studio, 'limited.bin')
    const speeds: number[] = []
    const done = await waitFor(
      async () => {
        const seen = await admin.get('transfer', job.id)
        if (seen?.status === 'running' && Number(seen.progress) > 20) speeds.push(Number(seen.speed))
        return seen?.status === 'done' ? seen : undefined
      },
      { what: 'the slow transfer' },
    )
    expect(speeds.length).toBeGreaterThan(3)
    expect(Math.max(...speeds)).toBeLessThan(Number(slow.transfer_speedlimit) * 1.5)
    // A lower bound of the time: it cannot have been faster than the limit, give or take the first burst.
    const [task] = await admin.tasks(done.id)
    const megabytesPerSecond = slowSize / 1000 / Math.max(1, Number(task?.time))
    expect(megabytesPerSecond).toBeLessThan(Number(slow.transfer_speedlimit) * 1.5)
  })

  test('may be set for the whole workspace, and changed while a transfer runs', async () => {
    const { admin } = studio
    const set = (value: string): Promise<unknown> =>
      admin.result('PUT', 'setting', { data: { entitytype: null, name: 'transfer_speedlimit', value } })
    expect(await set('2')).toBe(true)
    const job = await slowUpload(studio, 'lifted.bin', { settings: {} })
    const running = await waitUntilMidway(admin, job.id)
    expect(Number(running.speed)).toBeLessThan(4)
    expect(await set('-1')).toBe(true)
    await waitForStatus(admin, job.id, 'done')
  })
})

describe('encryption', () => {
  test.each([
    ['aes128', {}, /AES.?128/i],
    ['aes256', { transfer_encryption: 'aes256' }, /CHACHA20.?POLY1305|AES.?256/i],
  ])('%s is what is used and logged', async (_, settings, cipher) => {
    const { admin, desk } = studio
    const path = await deskFile(studio, 'secret.bin', 5000)
    const job = await transferred(admin, {
      source: desk.at(path),
      destination: `volume=storage/secret ${Object.keys(settings).length}.bin`,
      settings,
    })
    expect(await admin.log(job.id)).toMatch(cipher)
  })

  test('of an unknown strength is refused', async () => {
    const path = await deskFile(studio, 'weak.bin')
    await expect(
      studio.admin.create('transfer', {
        source: studio.desk.at(path),
        destination: 'volume=storage/weak.bin',
        settings: { transfer_encryption: 'rot13' },
      }),
    ).rejects.toThrow(/rot13/)
  })
})

describe('filters', () => {
  test.each([
    ['transfer_exclude', '*.tmp,cache', ['keep/a.exr', 'keep/b.mov', 'keep', 'top.exr']],
    ['transfer_include', '*.exr', ['keep/a.exr', 'keep', 'top.exr']],
  ])('%s', async (name, value, expected) => {
    const { admin, desk, local, storage } = studio
    for (const file of ['keep/a.exr', 'keep/b.mov', 'keep/c.tmp', 'cache/x.exr', 'top.exr'])
      await deskFile(studio, `filtered/${file}`, 10)
    await transferred(admin, {
      source: desk.at(`${local}/filtered`),
      destination: `volume=storage/${name}`,
      settings: { [name]: value },
    })
    const names = [...(await readTree(`${storage}/${name}`)).keys()]
    const files = (list: string[]): string[] => list.filter((path) => /\./.test(path)).sort()
    if (name === 'transfer_include') expect(files(names)).toEqual(expect.arrayContaining(files(expected)))
    else expect(files(names)).toEqual(files(expected))
  })
})

test('a file that grows while it is sent arrives whole, as it was or as it is', async () => {
  const { admin, desk, local, storage } = studio
  await makeFile(`${local}/grows.bin`, 16_000_000, 3)
  const job = await admin.create('transfer', {
    source: desk.at(`${local}/grows.bin`),
    destination: 'volume=storage/grows.bin',
    settings: { ...slow, job_autoretry_delay_s: '1' },
  })
  await waitUntilMidway(admin, job.id)
  await makeFile(`${local}/grows.bin`, 17_000_000, 4)
  await waitForStatus(admin, job.id, 'done', { never: ['aborted'] })
  expect(await hashOf(`${storage}/grows.bin`)).toBe(await hashOf(`${local}/grows.bin`))
})
