import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import {
  Agent,
  ControlPlane,
  type Entity,
  makeFile,
  tempDirectory,
  waitFor,
  waitForStatus,
  waitUntilMidway,
} from '@waybill/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import { cleanUpAfterwards, slow } from '../studio.js'

/** The control plane alone, so that the agent at the destination can be killed by itself. */
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
  await mkdir(join(local, 'show/a & b/<c>'), { recursive: true })
  for (let at = 0; at < 300; at++)
    writeFileSync(join(local, 'show/a & b', `${at}.txt`), `file ${at}\n`.repeat(at))
  for (let at = 0; at < 20; at++) await makeFile(join(local, 'show/a & b/<c>', `${at}.bin`), 400_000 + at, at)
  await makeFile(join(local, 'show/large "é".bin'), 20_000_003, 7)
})

/** What a manifest has to say of a directory, made from its files by themselves. */
function expected(directory: string, name: string): Map<string, string> {
  const found = new Map<string, string>()
  const walk = (path: string, shown: string): void => {
    for (const item of readdirSync(path, { withFileTypes: true })) {
      const at = join(path, item.name)
      if (item.isDirectory()) walk(at, `${shown}/${item.name}`)
      else found.set(`${shown}/${item.name}`, `${statSync(at).size} ${xxh128(readFileSync(at))}`)
    }
  }
  walk(directory, name)
  return found
}

const { XXHash128 } = createRequire(import.meta.url)('xxhash-addon') as {
  XXHash128: { hash(bytes: Buffer): Buffer }
}

function xxh128(bytes: Buffer): string {
  return XXHash128.hash(bytes).toString('hex')
}

interface Line {
  readonly path: string
  readonly size: number
  readonly checksum: string | null
  readonly state: string
}

async function manifest(job: Entity): Promise<Line[]> {
  const { code, stdout, stderr } = await plane.command(['manifest', job.id, '--format', 'json'])
  expect([code, stderr]).toEqual([0, expect.stringContaining('files')])
  return JSON.parse(stdout) as Line[]
}

async function transfer(more: object = {}): Promise<Entity> {
  return plane.admin.create('transfer', {
    source: desk.at(join(local, 'show')),
    destination: 'volume=storage/in/show',
    ...more,
  })
}

describe('a transfer whose receiver is killed in the middle', () => {
  let job: Entity
  let lines: Line[]

  test('has a manifest of every file, once, with the checksum that others make of it', async () => {
    job = await transfer({ settings: slow })
    await waitUntilMidway(plane.admin, job.id)
    await server.kill()
    await waitForStatus(plane.admin, job.id, 'waiting', { never: ['failed', 'aborted'] })
    server.start()
    await waitForStatus(plane.admin, job.id, 'done', { never: ['failed', 'aborted'] })
    lines = await manifest(job)
    expect(lines).toHaveLength(321)
    const told = new Map(lines.map(({ path, size, checksum }) => [path, `${size} ${checksum ?? ''}`]))
    expect(told).toEqual(expected(join(local, 'show'), 'show'))
    expect(told).toEqual(expected(join(storage, 'in/show'), 'show'))
  })

  test('can be verified, where it was written and where it came from', async () => {
    for (const directory of [join(storage, 'in'), join(storage, 'in/show'), local]) {
      const verified = await plane.command(['manifest', job.id, '--verify', directory])
      expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining('321 are the same')])
    }
    const path = join(local, 'show/a & b/100.txt')
    const before = readFileSync(path)
    writeFileSync(path, Buffer.from(before).fill(1, 0, 1))
    appendFileSync(join(local, 'show/a & b/101.txt'), 'more')
    const differs = await plane.command(['manifest', job.id, '--verify', local])
    expect(differs.code).toBe(1)
    expect(differs.stdout).toMatch(/DIFFERS {2}show\/a & b\/100\.txt/)
    expect(differs.stdout).toMatch(/DIFFERS {2}show\/a & b\/101\.txt/)
    expect(differs.stderr).toContain('2 differ')
    writeFileSync(path, before)
    for (const directory of [join(local, 'nothing'), path]) {
      const none = await plane.command(['manifest', job.id, '--verify', directory])
      expect([none.code, none.stdout]).toEqual([2, ''])
      expect(none.stderr).toContain(`${directory} is not a directory that can be read`)
    }
  })

  test('is printed as xxhsum takes it', async () => {
    const sums = join(local, 'sums')
    const ran = await plane.command(['manifest', job.id, '--format', 'xxh128sum', '-o', sums])
    expect(ran.code).toBe(0)
    const printed = readFileSync(sums, 'utf8').trimEnd().split('\n').sort()
    expect(printed).toEqual(lines.map(({ path, checksum }) => `${checksum ?? ''}  ${path}`).sort())
  })

  test('is for those only who may see the job', async () => {
    const tom = await plane.addUser('tom@example.com', 'standard')
    await expect(tom.result('GET', 'transfer/manifest', { id: job.id })).rejects.toThrow()
    expect(await plane.admin.result('GET', 'transfer/manifest', { id: job.id })).toHaveProperty('files')
  })
})

test('what was there already is listed without its checksum, or read when that is asked for', async () => {
  const again = await transfer()
  await waitForStatus(plane.admin, again.id, 'done', { never: ['failed'] })
  const states = new Map<string, number>()
  for (const { state } of await manifest(again)) states.set(state, (states.get(state) ?? 0) + 1)
  expect(states).toEqual(
    new Map([
      ['transferred', 2],
      ['present', 319],
    ]),
  )
  const read = await transfer({ settings: { transfer_manifest: 'all', transfer_mhl: 'true' } })
  await waitForStatus(plane.admin, read.id, 'done', { never: ['failed'] })
  const told = new Map(
    (await manifest(read)).map(({ path, size, checksum }) => [path, `${size} ${checksum ?? ''}`]),
  )
  expect(told).toEqual(expected(join(local, 'show'), 'show'))
  const [list = '', chain] = readdirSync(join(storage, 'in/show/ascmhl')).sort()
  expect(chain).toBe('ascmhl_chain.xml')
  expect(list).toMatch(/^0001_show_\d{4}-\d\d-\d\d_\d{6}Z\.mhl$/)
  expect(readFileSync(join(storage, 'in/show/ascmhl', list), 'utf8').match(/<hash>/g)).toHaveLength(321)
})
