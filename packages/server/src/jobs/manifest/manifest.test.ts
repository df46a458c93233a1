import { gzipSync } from 'node:zlib'
import { type ManifestLine, printManifestLine } from '@waybill/api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Lease } from '../dispatch/lease.js'
import { endsOf } from '../runs/session-ends.js'
import { World } from '../testing.js'
import { readManifest } from './read-manifest.js'

let world: World
let job: string
let lease: Lease
beforeEach(async () => {
  world = await World.create()
  job = await world.create({ source: 'volume=storage/a', destination: 'volume=storage/b' })
  lease = await world.runs(job)
})
afterEach(async () => {
  await world.close()
})

const line = (path: string, task = 0): ManifestLine => ({
  task,
  path,
  size: 5,
  mtime: '1700000000123456789',
  state: 'transferred',
  checksum: '06b05ab6733a618578af5f94892f3950',
})

/** What the agent at the destination tells. */
async function tell(seq: number, lines: string | null, given: object = {}, client = world.clients.hq) {
  const { session, job: named } = endsOf(lease).destination
  const zipped = lines === null ? null : gzipSync(lines).toString('base64')
  const message = {
    type: 'session.manifest' as const,
    session,
    lease: lease.run,
    job: named,
    seq,
    lines: zipped,
  }
  await world.engine.manifest(world.workspace.id, client, { ...message, ...given })
}

async function paths(): Promise<unknown[]> {
  const { files, next } = await readManifest(world.workspace, job, undefined)
  expect(next).toBeNull()
  return files.map(({ path }) => path)
}

describe('the manifest of a job', () => {
  it('has what its agent told, once however often that was', async () => {
    const lines = [line('a'), line('b')].map(printManifestLine).join('')
    await tell(1, lines)
    await tell(1, lines)
    await tell(2, printManifestLine(line('c')))
    expect(await paths()).toEqual(['a', 'b', 'c'])
    const [task] = await world.tasks(job)
    const { files } = await readManifest(world.workspace, job, undefined)
    expect(files[0]).toEqual({
      task: task?.id,
      path: 'a',
      size: 5,
      modified: '2023-11-14T22:13:20.123456789Z',
      state: 'transferred',
      checksum: '06b05ab6733a618578af5f94892f3950',
    })
  })

  it('comes in pages', async () => {
    for (let seq = 1; seq <= 3; seq++) {
      const many = Array.from({ length: 3000 }, (_, at) => printManifestLine(line(`${seq}-${at}`)))
      await tell(seq, many.join(''))
    }
    const first = await readManifest(world.workspace, job, undefined)
    const second = await readManifest(world.workspace, job, first.next ?? '')
    expect([first.files.length, second.files.length, second.next]).toEqual([6000, 3000, null])
    expect(new Set([...first.files, ...second.files].map(({ path }) => path)).size).toBe(9000)
    await expect(readManifest(world.workspace, job, 'x')).rejects.toThrow('after')
  })

  it('is of the latest run of each task', async () => {
    await tell(1, printManifestLine(line('first run')))
    await world.db
      .updateTable('task')
      .set({ run: lease.run + 1 })
      .where('job', '=', job)
      .execute()
    expect(await paths()).toEqual([])
    await world.db
      .updateTable('job')
      .set({ run: lease.run + 1 })
      .where('id', '=', job)
      .execute()
    await tell(1, printManifestLine(line('second run')), { lease: lease.run + 1 })
    expect(await paths()).toEqual(['second run'])
    expect(await world.db.selectFrom('manifest').select('run').execute()).toEqual([{ run: lease.run + 1 }])
  })

  it.each([
    ['by another agent', {}, 'laptop'],
    ['of a run that never was', { lease: 99 }, 'hq'],
    ['of another job', { job: '0'.repeat(24) }, 'hq'],
  ] as const)('is not what is told %s', async (_what, given, client) => {
    await tell(1, printManifestLine(line('a')), given, world.clients[client])
    expect(await paths()).toEqual([])
  })

  it('leaves out what makes no sense', async () => {
    await tell(1, `${printManifestLine(line('a'))}nonsense\n[1]\n${printManifestLine(line('b', 7))}`)
    await tell(2, null)
    const bomb = gzipSync(Buffer.alloc(50_000_000)).toString('base64')
    await tell(3, '', { lines: bomb })
    await tell(4, '', { lines: 'bm8gemlw' })
    await tell(5, printManifestLine(line('c')))
    expect(await paths()).toEqual(['a', 'c'])
    const codes = await world.db.selectFrom('log').select('code').where('code', '=', 'W#J064').execute()
    expect(codes).toHaveLength(1)
  })

  it('goes with its job', async () => {
    await tell(1, printManifestLine(line('a')))
    await world.db.deleteFrom('job').where('id', '=', job).execute()
    expect(await world.db.selectFrom('manifest').select('run').execute()).toEqual([])
  })
})
