import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isJson, transferred, waitForStatus } from '@waybill/testkit'
import { beforeAll, describe, expect, it } from 'vitest'
import { cleanUpAfterwards, openStudio, type Studio } from '../studio.js'

// What would happen, told beforehand by the same agents, and what then does happen.

cleanUpAfterwards()
let studio: Studio
let local: string
let remote: string
let round = 0

beforeAll(async () => {
  studio = await openStudio()
})

async function write(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
    await utimes(join(root, path), 1_700_000_000, 1_700_000_000)
  }
}

async function fresh(here: Record<string, string>, there: Record<string, string>): Promise<void> {
  round += 1
  local = join(studio.local, `round ${round}`)
  remote = join(studio.storage, `round ${round}`)
  await write(local, here)
  await write(remote, there)
}

/** Names with sizes and times of all that lies beneath a directory. */
async function state(root: string): Promise<string[]> {
  const names = (await readdir(root, { recursive: true })).sort()
  return Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs, ctimeMs } = await stat(join(root, name))
      return `${name} ${size} ${mtimeMs} ${ctimeMs}`
    }),
  )
}

const upload = (more: object = {}) => ({
  source: studio.desk.at(local),
  destination: `volume=storage/round ${round}`,
  ...more,
})
const sync = '--setting=transfer_mode=onewaysync'
const dryRun = (...more: string[]) =>
  studio.plane.command([
    'transfer',
    studio.desk.at(local),
    `volume=storage/round ${round}`,
    '--dry-run',
    ...more,
  ])

describe('waybill transfer --dry-run', () => {
  it('lists what would happen, changes nothing, and the run then does just that', async () => {
    await fresh(
      { 'sub/new': 'new', changed: 'longer', same: 'same', 'x.tmp': 'tmp' },
      { changed: 'short', same: 'same', 'gone/old': 'old' },
    )
    const before = await state(studio.storage)
    const { code, stdout } = await dryRun(sync, '--setting=transfer_exclude=*.tmp')
    expect(code).toBe(0)
    const lines = stdout.split('\n')
    const listed = lines.filter((line) => /^(?:new|replace|delete) /.test(line))
    expect(listed.map((line) => line.replaceAll(/ {2,}/g, ' | ')).sort()).toEqual([
      'delete | 3 B | gone/old',
      'delete | gone/',
      'new | 3 B | sub/new',
      'new | sub/',
      'replace | 6 B | changed | (another size)',
    ])
    expect(stdout).toMatch(/^New: +1 file, 3 B; 1 directory$/m)
    expect(stdout).toMatch(/^To delete: +1 file, 3 B; 1 directory, into the trash$/m)
    expect(stdout).toMatch(/^Up to date: +1 file, 4 B/m)
    expect(stdout).toMatch(/^Nothing was changed\./m)
    expect(await state(studio.storage)).toEqual(before)
    await transferred(
      studio.admin,
      upload({ settings: { transfer_mode: 'onewaysync', transfer_exclude: '*.tmp' } }),
    )
    expect((await readdir(remote, { recursive: true })).sort()).toEqual(['changed', 'same', 'sub', 'sub/new'])
  })

  it('prints JSON', async () => {
    await fresh({ '2026-01-31T08:00:00': 'a name like a date', 'a "b"': '1' }, {})
    const { code, stdout } = await dryRun('--json')
    expect(code).toBe(0)
    const found = JSON.parse(stdout) as { job: string; entries: { path: string }[] }
    expect(found).toMatchObject({
      status: 'done',
      totals: { new: { files: 2, directories: 1, bytes: 19 }, deleted: { files: 0 }, unlisted: 0 },
    })
    expect(found.entries.map(({ path }) => path).sort()).toEqual(['', '2026-01-31T08:00:00', 'a "b"'])
    const shown = await studio.plane.command(['preview', found.job, '--json'])
    expect(JSON.parse(shown.stdout)).toEqual(found)
    await expect(readdir(remote)).rejects.toThrow('ENOENT')
  })

  it('lists a large tree page after page', async () => {
    await fresh({}, {})
    await mkdir(local)
    const many = 11_000
    for (let at = 0; at < many; at++) await writeFile(join(local, `file ${at}`), '')
    const { admin } = studio
    const job = await admin.create('transfer', upload({ dryrun: true }))
    await waitForStatus(admin, job.id, 'done')
    const paths = new Set<unknown>()
    let pages = 0
    for (let after: unknown = ''; typeof after === 'string'; pages++) {
      const page = await admin.result('GET', 'transfer/preview', { id: job.id, data: { after } })
      if (!isJson(page) || !Array.isArray(page.entries)) throw new Error('That is no page')
      for (const entry of page.entries) if (isJson(entry)) paths.add(entry.path)
      after = page.next
    }
    expect(paths.size).toBe(many + 1)
    expect(pages).toBeGreaterThan(1)
  })

  it('is done when it could look at all of it, what fails included, and fails when not', async () => {
    await fresh({ a: 'a', b: 'b' }, { 'a/in the way': '' })
    const { code, stdout } = await dryRun(sync)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^FAILS +a {2}E#J057/m)
    expect(stdout).toMatch(/^left out .*W#J059 Nothing would be deleted/m)
    local = join(studio.local, 'nowhere')
    const gone = await dryRun()
    expect(gone.code).toBe(1)
    expect(gone.stderr).toMatch(/E#J001|Cannot find|no such file/i)
  })
})

describe('a dry run', () => {
  it('is a job that says what it is when it is asked, and counts for no transfer', async () => {
    await fresh({ a: 'a' }, {})
    const { admin } = studio
    const metrics = async () => {
      const [workspace] = await admin.find('workspace', undefined)
      return admin.result('GET', 'workspace/metrics', { id: workspace?.id ?? '', data: {} })
    }
    const before = JSON.stringify(await metrics())
    const job = await admin.create('transfer', upload({ dryrun: true }))
    const done = await waitForStatus(admin, job.id, 'done')
    expect(Object.keys(done)).not.toContain('dryrun')
    expect(JSON.stringify(await metrics())).toBe(before)
    const dry = await admin.find('transfer', 'dryrun=true', { finished: true, attributes: ['id', 'dryrun'] })
    expect(dry).toContainEqual({ id: job.id, dryrun: true })
    expect(await admin.log(job.id)).toMatch(/a dry run that looked at 1 files/)
    const real = await transferred(admin, upload())
    const page = await admin.result('GET', 'transfer/preview', { id: job.id, data: {} })
    expect(page).toMatchObject({ entries: [{ action: 'new' }, { action: 'new', path: 'a' }], next: null })
    await expect(admin.result('GET', 'transfer/preview', { id: real.id, data: {} })).rejects.toThrow(
      'dry run',
    )
    expect(await readFile(join(remote, 'a'), 'utf8')).toBe('a')
  })

  it('cannot be added to other jobs, nor made one later', async () => {
    await fresh({ a: 'a' }, {})
    const { admin } = studio
    await expect(admin.create('transfer', upload({ dryrun: true, append: true }))).rejects.toThrow('append')
    const job = await admin.create('transfer', upload({ status: 'paused' }))
    const edit = admin.result('PUT', 'transfer/edit', { id: job.id, data: { dryrun: true } })
    await expect(edit).rejects.toThrow('dryrun')
  })
})
