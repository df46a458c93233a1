import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { transferred, waitForStatus } from '@waybill/testkit'
import { beforeAll, describe, expect, it } from 'vitest'
import { cleanUpAfterwards, openStudio, type Studio } from '../studio.js'

// What one-way sync deletes is in the trash of its volume, and nobody sees it there who has no business with it.

cleanUpAfterwards()
let studio: Studio
let local: string

beforeAll(async () => {
  studio = await openStudio()
  local = join(studio.local, 'work')
  await write(local, { keep: 'keep' })
})

async function write(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
    await utimes(join(root, path), 1_700_000_000, 1_700_000_000)
  }
}

const sync = (place: string, settings: Record<string, string> = {}) => ({
  source: studio.desk.at(local),
  destination: `volume=storage/${place}`,
  settings: { transfer_mode: 'onewaysync', ...settings },
})
const trash = () => join(studio.storage, '.waybill-trash')

describe('the trash', () => {
  it('has what was deleted, by the settings in force, and is out of sight and reach', async () => {
    await write(studio.storage, { 'one/gone/a': 'precious', 'two/b': 'b', 'three/c': 'c' })
    const { admin, plane } = studio
    await transferred(admin, sync('one'))
    await transferred(admin, sync('two', { transfer_trash: 'none' }))
    await transferred(admin, sync('three', { transfer_trash_days: '-1' }))
    const names = (await readdir(trash())).sort()
    const folders = names.filter((name) => !name.includes('keep'))
    expect(folders).toHaveLength(2)
    expect(names.filter((name) => name.endsWith('.keep-30-days'))).toEqual([`${folders[0]}.keep-30-days`])
    expect(names.filter((name) => name.endsWith('.keep-forever'))).toEqual([`${folders[1]}.keep-forever`])
    expect(await readFile(join(trash(), folders[0] ?? '', 'one/gone/a'), 'utf8')).toBe('precious')
    expect((await stat(trash())).mode & 0o077).toBe(0)

    const listed = await plane.command(['ls', 'volume=storage'])
    expect(listed.stdout).toContain('one')
    expect(listed.stdout).not.toContain('trash')
    const beyond = `volume=storage/.waybill-trash/${folders[0]}`
    expect((await plane.command(['ls', beyond])).code).not.toBe(0)
    expect((await plane.command(['exists', beyond])).code).not.toBe(0)
    expect((await plane.command(['rm', '-r', beyond])).code).not.toBe(0)
    const settings = { job_max_retries: '0' }
    const out = await admin.create('transfer', {
      source: beyond,
      destination: studio.desk.at(join(studio.local, 'out/')),
      settings,
    })
    await waitForStatus(admin, out.id, 'failed')
    expect(await admin.log(out.id)).toContain('E#J006')
    expect((await readdir(trash())).sort()).toEqual(names)
  })

  it('stays as it is over a restart of everything', async () => {
    const before = (await readdir(trash())).sort()
    await studio.plane.restart()
    await write(studio.storage, { 'four/d': 'd' })
    await transferred(studio.admin, sync('four'))
    const after = (await readdir(trash())).sort()
    expect(after).toEqual(expect.arrayContaining(before))
    expect(after).toHaveLength(before.length + 2)
  })
})
