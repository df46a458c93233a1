import { lstat, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import {
  Agent,
  differences,
  hashOf,
  makeOddTree,
  makeSequence,
  readTree,
  tempDirectory,
  transferred,
  waitForStatus,
} from '@waybill/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import { cleanUpAfterwards, deskFile, openStudio, type Studio, storageFile } from '../studio.js'

let studio: Studio
cleanUpAfterwards()
beforeAll(async () => {
  studio = await openStudio()
})

describe('a tree of odd names, sizes and depths', () => {
  test('goes up and down again, equal to the byte in names, content and dates', async () => {
    const { admin, desk, local, storage } = studio
    await makeOddTree(`${local}/odd`)
    const original = await readTree(`${local}/odd`)
    const up = await transferred(admin, {
      source: desk.at(`${local}/odd`),
      destination: 'volume=storage/odd',
    })
    expect(differences(original, await readTree(`${storage}/odd`))).toEqual([])
    const bytes = [...original.values()].reduce((sum, entry) => sum + entry.size, 0)
    expect(up).toMatchObject({ size: bytes, progress: 100 })

    await transferred(admin, { source: 'volume=storage/odd', destination: desk.at(`${local}/back`) })
    expect(differences(original, await readTree(`${local}/back`))).toEqual([])
  })

  test('is not sent again when it is there already', async () => {
    const { admin, desk, local, storage } = studio
    const before = await lstat(`${storage}/odd/sizes/1048577`)
    await transferred(admin, { source: desk.at(`${local}/odd`), destination: 'volume=storage/odd' })
    const after = await lstat(`${storage}/odd/sizes/1048577`)
    expect(after.ino).toBe(before.ino)
    await writeFile(`${local}/odd/sizes/1048577`, 'changed')
    await transferred(admin, { source: desk.at(`${local}/odd`), destination: 'volume=storage/odd' })
    expect(await readFile(`${storage}/odd/sizes/1048577`, 'utf8')).toBe('changed')
  })
})

describe('where a file arrives', () => {
  test('is the name given, or the directory that ends in a slash', async () => {
    const { admin, desk, storage } = studio
    const path = await deskFile(studio, 'plate.exr', 5000)
    await transferred(admin, { source: desk.at(path), destination: 'volume=storage/in/renamed.exr' })
    await transferred(admin, { source: desk.at(path), destination: 'volume=storage/in/' })
    expect(await hashOf(`${storage}/in/renamed.exr`)).toBe(await hashOf(path))
    expect(await hashOf(`${storage}/in/plate.exr`)).toBe(await hashOf(path))
  })

  test('is the same for directories', async () => {
    const { admin, desk, local, storage } = studio
    const path = await deskFile(studio, 'show/a/b.txt', 10)
    await transferred(admin, { source: desk.at(`${local}/show`), destination: 'volume=storage/dirs/' })
    await transferred(admin, { source: desk.at(`${local}/show`), destination: 'volume=storage/dirs/other' })
    for (const dir of ['show', 'other'])
      expect(await hashOf(`${storage}/dirs/${dir}/a/b.txt`)).toBe(await hashOf(path))
  })

  test('on the machine of the caller, when no party is named', async () => {
    const { admin, local } = studio
    const source = await storageFile(studio, 'delivery/TRAILER v003.mov', 9000)
    await transferred(admin, { source, destination: `${local}/edit/` })
    expect(await hashOf(`${local}/edit/TRAILER v003.mov`)).toBe(
      await hashOf(`${studio.storage}/delivery/TRAILER v003.mov`),
    )
  })

  test.each([
    'share=storage/',
    '',
    'hq:',
    'studio:',
    'volume=(default)/',
    'hq:volume=storage/',
    'site=hq:volume=storage/',
  ])('from the storage written as "%s"', async (prefix) => {
    const { admin, desk, local, storage } = studio
    await storageFile(studio, 'ways/a.txt', 77)
    const to = `${local}/ways/${prefix.replace(/\W/g, '_')}`
    await transferred(admin, { source: `${prefix}ways/a.txt`, destination: desk.at(`${to}/a.txt`) })
    expect(await hashOf(`${to}/a.txt`)).toBe(await hashOf(`${storage}/ways/a.txt`))
  })

  test('beneath the volume, by its absolute path', async () => {
    const { admin, desk, local, storage } = studio
    await storageFile(studio, 'ways/absolute.txt', 78)
    await transferred(admin, {
      source: `hq:${storage}/ways/absolute.txt`,
      destination: desk.at(`${local}/absolute.txt`),
    })
    expect(await hashOf(`${local}/absolute.txt`)).toBe(await hashOf(`${storage}/ways/absolute.txt`))
  })
})

test('a numbered sequence takes the frames of its range and no others', async () => {
  const { admin, desk, local, storage } = studio
  await makeSequence(`${local}/seq`, 'movie.%04d.jpg', [98, 110], 3000)
  const job = await transferred(admin, {
    source: desk.at(`${local}/seq/movie.%04d.jpg[100-107]`),
    destination: 'volume=storage/seq/',
  })
  const names = [...(await readTree(`${storage}/seq`)).keys()].sort()
  expect(names).toEqual(Array.from({ length: 8 }, (_, frame) => `movie.0${frame + 100}.jpg`))
  expect(await admin.tasks(job.id)).toHaveLength(1)
  expect(job.size).toBe(8 * 3000)
})

test('two machines of a user exchange files without the storage', async () => {
  const { plane, desk, local } = studio
  const lisa = await plane.addUser('lisa@example.com', 'standard')
  const studioMac = await Agent.start({ plane, name: 'lisa-mac', user: lisa })
  const render = await Agent.start({ plane, name: 'lisa-render', user: lisa, type: 'userserver' })
  const path = await deskFile(studio, 'lisa/scene.blend', 300_000)
  const to = tempDirectory('render')
  const job = await transferred(lisa, {
    source: studioMac.at(path),
    destination: render.at(`${to}/scene.blend`),
  })
  expect(await hashOf(`${to}/scene.blend`)).toBe(await hashOf(path))
  expect(job.source).toBe(job.destination)
  await expect(
    lisa.create('transfer', { source: desk.at(`${local}/lisa`), destination: studioMac.at(to) }),
  ).rejects.toThrow(/./)
  await Promise.all([studioMac.stop(), render.stop()])
})

test('symbolic links are reported and not followed', async () => {
  const { admin, desk, local, storage } = studio
  const secret = await deskFile(studio, 'secret/key.txt', 40)
  await mkdir(`${local}/linked/sub`, { recursive: true })
  await symlink(secret, `${local}/linked/to-file`)
  await symlink(`${local}/secret`, `${local}/linked/to-dir`)
  await symlink('/nowhere/at/all', `${local}/linked/dangling`)
  await deskFile(studio, 'linked/sub/real.txt', 10)
  const job = await transferred(admin, {
    source: desk.at(`${local}/linked`),
    destination: 'volume=storage/linked',
  })
  expect([...(await readTree(`${storage}/linked`)).keys()].sort()).toEqual(['sub', 'sub/real.txt'])
  const log = await admin.log(job.id)
  expect(log).toMatch(/to-file/)
  expect(log).toMatch(/to-dir/)
})

test('symbolic links of the storage lead nobody out of it', async () => {
  const { admin, desk, local, storage } = studio
  const outside = await deskFile(studio, 'outside/file.txt', 40)
  await symlink(`${local}/outside`, `${storage}/escape`)
  const before = await readTree(`${local}/outside`)
  const down = await admin.create('transfer', {
    source: 'volume=storage/escape/file.txt',
    destination: desk.at(`${local}/stolen.txt`),
  })
  const up = await admin.create('transfer', {
    source: desk.at(outside),
    destination: 'volume=storage/escape/planted.txt',
  })
  await waitForStatus(admin, down.id, 'failed')
  await waitForStatus(admin, up.id, 'failed')
  expect(differences(before, await readTree(`${local}/outside`))).toEqual([])
})
