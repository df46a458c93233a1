import { hashOf, runWaybill, startWaybill, waitFor, waitForStatus } from '@waybill/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  cleanUpAfterwards,
  deskFile,
  openStudio,
  pausedUpload,
  type Studio,
  slow,
  slowUpload,
} from '../studio.js'

let studio: Studio
cleanUpAfterwards()
beforeAll(async () => {
  studio = await openStudio()
})

const run = (...args: string[]): ReturnType<Studio['plane']['command']> => studio.plane.command(args)

describe('waybill transfer', () => {
  test('follows to the end, exit code 0', async () => {
    const path = await deskFile(studio, 'cli.bin', 200_000)
    const ran = await run('transfer', studio.desk.at(path), 'volume=storage/cli/', '--name', 'From the shell')
    expect(ran).toMatchObject({ code: 0 })
    expect(await hashOf(`${studio.storage}/cli/cli.bin`)).toBe(await hashOf(path))
    expect(await studio.admin.find('transfer', 'name="from the shell"', { finished: true })).toHaveLength(1)
  })

  test('that fails ends with exit code 1 and says why', async () => {
    const ran = await run('transfer', studio.desk.at(`${studio.local}/gone.bin`), 'volume=storage/cli/')
    expect(ran.code).toBe(1)
    expect(ran.stdout + ran.stderr).toMatch(/gone\.bin/)
  })

  test('of bad input ends with exit code 2 and the words of the server', async () => {
    const ran = await run('transfer', 'volume=nowhere/x', studio.desk.at('/tmp/x'))
    expect(ran.code).toBe(2)
    expect(ran.stderr).toMatch(/nowhere/)
    expect((await run('transfer', 'only-one')).code).toBe(2)
  })

  test('paused, without following, prints the id of the job', async () => {
    const path = await deskFile(studio, 'later.bin')
    const ran = await run(
      'transfer',
      studio.desk.at(path),
      'volume=storage/cli/',
      '--paused',
      '--no-follow',
      '--queue',
      'low',
    )
    expect(ran.code).toBe(0)
    const [id = ''] = /[0-9a-f]{24}/.exec(ran.stdout) ?? []
    expect(await studio.admin.get('transfer', id)).toMatchObject({
      status: 'paused',
      uri: expect.stringMatching(/low/i) as string,
    })
    expect(await run('resume', id)).toMatchObject({ code: 0 })
    await waitForStatus(studio.admin, id, 'done')
  })

  test('interrupted leaves the job running and says how to come back', async () => {
    const { admin, plane } = studio
    const job = await slowUpload(studio, 'interrupted.bin', { status: 'paused' })
    await admin.remove('transfer', job.id)
    const { workspace, user, api_key, fingerprint } = plane.credentials
    await admin.result('PUT', 'setting', {
      data: { entitytype: null, name: 'transfer_speedlimit', value: slow.transfer_speedlimit },
    })
    const following = startWaybill(
      'waybill transfer',
      ['transfer', studio.desk.at(`${studio.local}/interrupted.bin`), 'volume=storage/cli/'],
      {
        WAYBILL_SERVER: plane.url,
        WAYBILL_WORKSPACE: workspace,
        WAYBILL_USER: user,
        WAYBILL_API_KEY: api_key,
        WAYBILL_FINGERPRINT: fingerprint,
      },
    )
    const running = await waitFor(
      async () => (await admin.find('transfer', 'name=interrupted.bin and status=running'))[0],
      { what: 'the transfer to run' },
    )
    following.signal('SIGINT')
    await following.exited
    expect(following.output).toContain(running.id)
    expect(await admin.get('transfer', running.id)).toMatchObject({ status: 'running' })
    await admin.result('PUT', 'setting', {
      data: { entitytype: null, name: 'transfer_speedlimit', value: '-1' },
    })
    await waitForStatus(admin, running.id, 'done')
  })
})

describe('the other commands', () => {
  test('find lists, as a table and as JSON', async () => {
    const job = await pausedUpload(studio, 'found.bin')
    const table = await run('find', 'Transfer WHERE status=paused')
    expect(table).toMatchObject({ code: 0 })
    expect(table.stdout).toContain('found.bin')
    const json = await run('find', 'Transfer WHERE status=paused', '--json')
    expect(JSON.parse(json.stdout)).toMatchObject([{ id: job.id, name: 'found.bin' }])
    expect((await run('find', 'Transfer', '--finished')).stdout).toContain('From the shell')
    expect((await run('find', 'Transfer', '--archived')).code).toBe(0)
  })

  test('find says where a query is wrong, exit code 2', async () => {
    const ran = await run('find', 'Transfer WHERE colour=red')
    expect(ran.code).toBe(2)
    expect(ran.stderr).toMatch(/colour/)
  })

  test('tasks, pause, resume, abort, retry and log work on a job', async () => {
    const job = await pausedUpload(studio, 'handled.bin')
    expect((await run('tasks', job.id)).stdout).toContain('handled.bin')
    expect((await run('abort', job.id)).code).toBe(0)
    expect(await studio.admin.get('transfer', job.id)).toMatchObject({ status: 'aborted' })
    expect((await run('retry', job.id)).code).toBe(0)
    await waitForStatus(studio.admin, job.id, 'done')
    expect((await run('log', job.id)).stdout).toMatch(/done/i)
    const other = await pausedUpload(studio, 'handled 2.bin')
    expect((await run('resume', other.id)).code).toBe(0)
    await waitForStatus(studio.admin, other.id, 'done')
    expect((await run('pause', '0123456789abcdef01234567')).code).toBeGreaterThan(0)
  })

  test('credentials may come in the names that existing environments use', async () => {
    const { workspace, user, api_key, fingerprint } = studio.plane.credentials
    const ran = await runWaybill(['find', 'Queue', '--json'], {
      WAYBILL_SERVER: studio.plane.url,
      WAYBILL_FINGERPRINT: fingerprint,
      ACCSYN_WORKSPACE: workspace,
      ACCSYN_API_USER: user,
      ACCSYN_API_KEY: api_key,
    })
    expect(ran).toMatchObject({ code: 0 })
    expect(JSON.parse(ran.stdout)).toHaveLength(3)
  })

  test('a wrong key is told in words', async () => {
    const ran = await studio.plane.command(['find', 'Transfer'], { apiKey: 'wrong' })
    expect(ran.code).toBeGreaterThan(0)
    expect(ran.stderr).toMatch(/\S/)
    expect(ran.stderr).not.toMatch(/^\s+at /m)
  })
})
