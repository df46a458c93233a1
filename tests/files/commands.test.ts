import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { cleanUpAfterwards, openStudio, type Studio, storageFile } from '../studio.js'

// File operations from the command line.

cleanUpAfterwards()
let studio: Studio

beforeAll(async () => {
  studio = await openStudio()
  await storageFile(studio, 'show/a.mov', 1500)
  await storageFile(studio, 'show/day 1/b.exr', 2_000_000)
})

const run = async (...args: string[]) => {
  const { code, stdout, stderr } = await studio.plane.command(args)
  return { code, stderr, lines: stdout.split('\n').filter((line) => line !== '') }
}

it('lists and counts', async () => {
  expect((await run('ls')).lines).toEqual(['show/'])
  expect((await run('ls', '-R', 'volume=storage/')).lines).toEqual([
    ...['show/', 'show/a.mov', 'show/day 1/', 'show/day 1/b.exr'],
  ])
  const long = await run('ls', '-l', '--sizes', 'show')
  expect(long.lines[0]).toMatch(/^ {2}1\.5 kB {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}a\.mov$/)
  expect(long.lines[1]).toMatch(/^ {2}2\.0 MB .* day 1\/$/)
  const json: unknown = JSON.parse((await run('ls', '--json', '--include', '*.mov', 'show')).lines.join('\n'))
  expect(json).toMatchObject([{ type: 1, filename: 'a.mov', size: 1500 }])
  expect((await run('size', 'show', 'show/a.mov')).lines).toEqual(['  2.0 MB  show', '  1.5 kB  show/a.mov'])
})

it('makes, moves and deletes', async () => {
  expect(await run('mkdir', 'show/new/er')).toMatchObject({ code: 0, lines: [] })
  expect(await run('mv', 'show/a.mov', 'show/new/')).toMatchObject({ code: 0 })
  expect(await run('mv', 'show/new', 'show/newer')).toMatchObject({ code: 0 })
  expect((await readdir(join(studio.storage, 'show/newer'))).sort()).toEqual(['a.mov', 'er'])
  const full = await run('rm', 'show/newer')
  expect(full).toMatchObject({ code: 1, stderr: expect.stringContaining('not empty') as string })
  expect(await run('rm', '-r', 'show/newer')).toMatchObject({ code: 0 })
  expect(await run('rm', 'show/newer')).toMatchObject({ code: 2 })
})

it('tells by its exit code whether something is there', async () => {
  expect(await run('exists', 'show', 'show/day 1')).toMatchObject({
    code: 0,
    lines: ['there    show', 'there    show/day 1'],
  })
  expect(await run('exists', '-q', 'show', 'none')).toMatchObject({ code: 1, lines: [], stderr: '' })
  expect(await run('exists', 'volume=none/x')).toMatchObject({ code: 2 })
})

it("lists the caller's own machine", async () => {
  await mkdir(join(studio.local, 'out'))
  await writeFile(join(studio.local, 'out', 'file'), '')
  expect((await run('ls', join(studio.local, 'out'))).lines).toEqual(['file'])
})
