import type { ControlPlane, Entity } from '@waybill/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import { cleanUpAfterwards, openStudio, type Studio, storageFile } from '../studio.js'

let studio: Studio
let plane: ControlPlane
cleanUpAfterwards()
beforeAll(async () => {
  studio = await openStudio()
  plane = studio.plane
})

async function job(name: string): Promise<Entity> {
  const source = await storageFile(studio, name)
  return await studio.admin.create('transfer', {
    source,
    destination: `${studio.local}/${name}`,
    status: 'paused',
  })
}

describe('waybill audit', () => {
  test('tells who changed what, as a table, as JSON and as comma-separated values', async () => {
    const site = await studio.admin.create('site', { code: 'oslo', description: '=HYPERLINK("http://x")' })
    const table = await plane.command(['audit', '--entity', site.id])
    expect(table.stdout).toMatch(/WHEN.*WHO.*WHAT/)
    expect(table.stdout).toMatch(/admin@waybill\.local.*site.*created/)
    const json = await plane.command(['audit', '--type', 'site', '--change', 'created', '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject([{ entity: site.id, entitytype: 'site', role: 'admin' }])
    const csv = await plane.command(['audit', '--csv', '--limit', '0', '--who', plane.credentials.user])
    expect(csv.stdout).toMatch(/^id,created,user,email,.*\r\n/)
    expect(csv.stdout).not.toMatch(/(^|,)=/m)
    const future = await plane.command(['audit', '--since', '2999-01-01'])
    expect(future.stdout).toBe('Nothing found.\n')
  })

  test('is for admins', async () => {
    const lisa = await plane.addUser('lisa@example.com', 'employee')
    const { user, apiKey } = lisa.access
    const ran = await plane.command(['audit'], { user, apiKey })
    expect(ran.code).not.toBe(0)
    expect(ran.stderr).toMatch(/admins only/)
  })
})

describe('waybill queue', () => {
  test('adds, changes, moves jobs and removes, which leaves them to the default queue', async () => {
    const added = await plane.command(['queue', 'add', 'night', '--priority', '100', '--name', 'Night shift'])
    expect(added).toMatchObject({ code: 0, stderr: '' })
    const [first, second] = [await job('one.bin'), await job('two.bin')]
    for (const { id } of [first, second]) {
      expect(await plane.command(['queue', 'move', id, '--queue', 'night'])).toMatchObject({ code: 0 })
    }
    const order = async (): Promise<unknown[]> => {
      const found = await studio.admin.find('transfer', 'queue=night')
      return found.sort((a, b) => Number(a.position) - Number(b.position)).map(({ id }) => id)
    }
    expect(await order()).toEqual([first.id, second.id])
    await plane.command(['queue', 'move', second.id, '--first'])
    expect(await order()).toEqual([second.id, first.id])
    await plane.command(['queue', 'move', 'two.bin', '--last'])
    await plane.command(['queue', 'move', 'two.bin', '--before', first.id])
    expect(await order()).toEqual([second.id, first.id])
    expect((await plane.command(['queue', 'edit', 'night', '--priority', '5'])).code).toBe(0)
    expect((await plane.command(['queue', 'list'])).stdout).toMatch(/night.*5/)
    expect((await plane.command(['queue', 'remove', 'night'])).code).toBe(0)
    expect(await studio.admin.find('transfer', 'queue=medium and status=paused')).toHaveLength(2)
    const refused = await plane.command(['queue', 'remove', 'medium'])
    expect(refused.stderr).toMatch(/default queue cannot be deleted/)
    expect((await plane.command(['queue', 'move', first.id])).code).toBe(2)
  })
})

test('waybill log without a job shows the latest of all', async () => {
  const { id } = await job('three.bin')
  const all = await plane.command(['log'])
  expect(all.stdout).toMatch(/three\.bin.*created by admin@waybill\.local/)
  const one = await plane.command(['log', '--job', id])
  expect(one.stdout).toMatch(/created by admin@waybill\.local/)
})
