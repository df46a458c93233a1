import { type Entity, hashOf, waitForStatus, waitUntilMidway } from '@waybill/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  cleanUpAfterwards,
  deskFile,
  entityId,
  openStudio,
  pausedUpload,
  type Studio,
  slowUpload,
  storageFile,
  uuid,
  wireDate,
} from '../studio.js'

let studio: Studio
let me: string
cleanUpAfterwards()
beforeAll(async () => {
  studio = await openStudio()
  me = String((await studio.admin.login()).id)
})

const matching = (pattern: RegExp): string => expect.stringMatching(pattern) as string

/** Every attribute that is described must be there, null or empty where it has no value. */
const transferAttributes = [
  ...['code', 'created', 'destination', 'destination_hr', 'etr', 'finished', 'id', 'metadata', 'modified'],
  ...[
    'modifier',
    'name',
    'parent',
    'parent_hr',
    'progress',
    'size',
    'source',
    'source_hr',
    'speed',
    'status',
  ],
  ...['uri', 'user', 'user_hr'],
]
const taskAttributes = [
  ...['created', 'destination', 'finished', 'id', 'job', 'job_hr', 'priority', 'size', 'source', 'status'],
  ...['time', 'uri', 'metadata'],
]

describe('a transfer', () => {
  test('is answered at creation as a query would', async () => {
    const { admin } = studio
    const job = await pausedUpload(studio, 'README.txt')
    const email = admin.access.user
    const userHr = matching(new RegExp(`^user:${email}\\[admin\\]\\(${me}\\)$`))
    expect(job).toMatchObject({
      id: matching(entityId),
      name: 'README.txt',
      code: 'README.txt',
      status: 'paused',
      source: `user:${me}`,
      source_hr: userHr,
      destination: matching(/^workspace:[0-9a-f]{24}$/),
      destination_hr: matching(/^workspace:studio\([0-9a-f]{24}\)$/),
      user: me,
      user_hr: userHr,
      created: matching(wireDate),
      modified: job.created,
      progress: 0,
      speed: -1,
      etr: '',
      parent: matching(entityId),
    })
    expect(Object.keys(job)).toEqual(expect.arrayContaining(transferAttributes))
    expect([null, '']).toContain(job.finished)
    const queue = await admin.get('queue', String(job.parent))
    expect(String(job.parent_hr)).toContain(String(queue?.code))
    expect(job.uri).toBe(queue?.code)
    const found = await admin.get('transfer', job.id)
    expect(Object.keys(found ?? {}).sort()).toEqual(Object.keys(job).sort())
  })

  test('shows progress, speed and time remaining while it runs, and none when it is done', async () => {
    const { admin } = studio
    const job = await slowUpload(studio, 'shown.bin')
    const running = await waitUntilMidway(admin, job.id)
    expect(running.progress).toSatisfy(Number.isInteger)
    expect(running.etr).toMatch(/^\d+:[0-5]\d:[0-5]\d$/)
    expect(running.speed).toBeGreaterThan(0)
    expect(running.speed).toBeLessThan(1000)
    expect(running.size).toBe(32 * 1024 * 1024)
    const done = await waitForStatus(admin, job.id, 'done')
    expect(done).toMatchObject({ progress: 100, speed: -1, etr: '', finished: matching(wireDate) })
    expect(Date.parse(String(done.finished))).toBeGreaterThanOrEqual(Date.parse(String(done.created)))
  })

  test('from the storage to a machine has the parties the other way round', async () => {
    const { admin, desk, local } = studio
    const source = await storageFile(studio, 'down.bin')
    const job = await admin.create('transfer', { source, destination: desk.at(`${local}/down.bin`) })
    expect(job).toMatchObject({ source: matching(/^workspace:/), destination: `user:${me}` })
    await waitForStatus(admin, job.id, 'done')
  })

  test('shows who changed it last', async () => {
    const { plane } = studio
    const job = await pausedUpload(studio, 'modified.bin')
    const otto = await plane.addUser('otto@example.com', 'admin')
    const { id } = await otto.login()
    const edited = await otto.edit('transfer', job.id, { metadata: { a: 1 }, name: 'renamed' })
    expect(edited).toMatchObject({
      modifier: id,
      metadata: { a: 1 },
      name: 'renamed',
      code: 'renamed',
      user: me,
    })
  })

  test('says why it waits', async () => {
    const { admin, desk } = studio
    await desk.stop()
    const path = await deskFile(studio, 'waits.bin')
    const job = await admin.create('transfer', {
      source: desk.at(path),
      destination: 'volume=storage/waits.bin',
    })
    const waiting = await waitForStatus(admin, job.id, 'waiting')
    expect(waiting.status_code).toBe('W#J050')
    expect(String(waiting.status_hr)).toMatch(/desk/)
    expect(await admin.log(job.id)).toMatch(/J050/)
    await desk.restart()
    await waitForStatus(admin, job.id, 'done')
    expect(await hashOf(`${studio.storage}/waits.bin`)).toBe(await hashOf(path))
  })
})

describe('a task', () => {
  let job: Entity
  let task: Entity
  beforeAll(async () => {
    const path = await deskFile(studio, 'A001_C011_09187Ia.mov', 70_000)
    job = await studio.admin.create('transfer', {
      source: studio.desk.at(path),
      destination: 'volume=storage/rushes/A001.mov',
    })
    await waitForStatus(studio.admin, job.id, 'done')
    ;[task = task] = await studio.admin.tasks(job.id)
  })

  test('has all that is described', () => {
    expect(Object.keys(task)).toEqual(expect.arrayContaining(taskAttributes))
    expect(task).toMatchObject({
      id: matching(uuid),
      job: job.id,
      job_hr: matching(new RegExp(`^A001_C011_09187Ia\\.mov\\[\\d*\\]\\(${job.id}\\)$`)),
      priority: 500,
      size: 70_000,
      status: 'done',
      uri: '0',
      created: matching(wireDate),
      finished: matching(wireDate),
      time: expect.toSatisfy(Number.isInteger) as number,
    })
  })

  test('tells the machine, the path, the volume and the user of either side', async () => {
    const clientId = await studio.desk.online()
    const [volume] = await studio.admin.find('volume')
    const [server] = await studio.admin.find('server')
    const local = `${studio.local}/A001_C011_09187Ia.mov`
    expect(task.source).toMatchObject({ client: clientId, path: local, path_abs_final: local, user: me })
    expect(task.destination).toMatchObject({
      client: server?.id,
      path: 'rushes/A001.mov',
      path_abs_final: `${studio.storage}/rushes/A001.mov`,
      v: volume?.id,
    })
    expect(task.destination).not.toHaveProperty('user')
  })

  test('is found by its status, by the id of the job in the query, and in no population', async () => {
    const { admin } = studio
    expect(await admin.tasks(job.id, 'status=done')).toHaveLength(1)
    expect(await admin.tasks(job.id, 'status=onhold')).toEqual([])
    expect(await admin.find('task', `job.id=${job.id}`)).toHaveLength(1)
    await expect(admin.find('task')).rejects.toThrow(/job|parent/i)
    expect(await admin.tasks('0123456789abcdef01234567').catch(() => [])).toEqual([])
  })
})
