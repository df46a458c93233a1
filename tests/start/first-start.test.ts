import { existsSync, statSync } from 'node:fs'
import { connect } from 'node:tls'
import { ControlPlane, runWaybill, WireClient } from '@waybill/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import { cleanUpAfterwards, entityId } from '../studio.js'

let plane: ControlPlane
cleanUpAfterwards()
beforeAll(async () => {
  plane = await ControlPlane.start()
})

describe('the first start', () => {
  test('says where the web and the credentials are', async () => {
    await plane.process.printed(new RegExp(String(plane.port)))
    expect(plane.process.output).toContain('credentials.json')
    expect(plane.process.output).toMatch(/https:\/\//)
    expect(plane.process.output).not.toContain(plane.credentials.api_key)
  })

  test('leaves credentials that only their owner reads', () => {
    const { workspace, user, url, http_url, fingerprint } = plane.credentials
    expect(statSync(`${plane.data}/credentials.json`).mode & 0o777).toBe(0o600)
    expect(workspace).toBe('studio')
    expect(user).toMatch(/^\S+@\S+$/)
    expect(url).toMatch(new RegExp(`^https://[^/]+:${plane.port}$`))
    expect(http_url).toBe(plane.httpUrl)
    expect(fingerprint).not.toBe('')
  })

  test('serves HTTPS with the certificate of the fingerprint', async () => {
    const seen = await new Promise<string>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: plane.port, rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().fingerprint256)
        socket.destroy()
      })
      socket.once('error', reject)
    })
    const plain = (text: string): string =>
      text
        .toLowerCase()
        .replace(/^sha-?256[:=/]?/, '')
        .replaceAll(':', '')
    expect(plain(plane.credentials.fingerprint)).toBe(plain(seen))
    const { workspace, user, api_key } = plane.credentials
    const secure = new WireClient({ url: plane.url, workspace, user, apiKey: api_key })
    expect(await secure.login()).toMatchObject({
      role: 'admin',
      id: expect.stringMatching(entityId) as string,
    })
  })

  test('makes the storage volume, the main site and three queues', async () => {
    const { admin } = plane
    expect(existsSync(plane.storage)).toBe(true)
    expect(await admin.find('volume')).toMatchObject([{ code: 'storage', default: true, status: 'enabled' }])
    expect(await admin.find('site', 'code=hq')).toMatchObject([{ code: 'hq', main: true }])
    const queues = await admin.find('queue')
    const shown = queues.map(({ code, priority, default: standard }) => [
      String(code).toLowerCase(),
      priority,
      standard,
    ])
    expect(shown).toHaveLength(3)
    expect(shown).toEqual(
      expect.arrayContaining([
        ['high', 999, false],
        ['medium', 500, true],
        ['low', 1, false],
      ]),
    )
    expect(await admin.find('server')).toMatchObject([{ type: 1, status: 'online' }])
  })
})

describe('a restart', () => {
  test('keeps everything, sessions of clients included', async () => {
    const before = await plane.admin.login()
    const key = plane.credentials.api_key
    const { fingerprint } = plane.credentials
    const [volume] = await plane.admin.find('volume')
    expect(await plane.stop()).toEqual({ code: 0, signal: null })
    await plane.restart()
    expect(await plane.admin.login()).toEqual(before)
    expect(plane.credentials).toMatchObject({ api_key: key, fingerprint })
    const [after] = await plane.admin.find('volume')
    expect(after?.id).toBe(volume?.id)
  })

  test('is possible after a kill', async () => {
    await plane.kill()
    await plane.restart()
    expect(await plane.admin.find('volume')).toHaveLength(1)
  })
})

test('another workspace and admin are made when asked for', async () => {
  const other = await ControlPlane.start({ args: ['--workspace', 'seagull', '--admin', 'anna@example.com'] })
  expect(other.credentials).toMatchObject({ workspace: 'seagull', user: 'anna@example.com' })
  expect(await other.admin.find('user')).toMatchObject([{ code: 'anna@example.com', role: 'admin' }])
  await other.stop()
})

test('a port that is taken is told, with an exit code', async () => {
  const { data } = plane
  const ran = await runWaybill([
    'up',
    '--data',
    `${data}/second`,
    '--port',
    String(plane.port),
    '--host',
    '127.0.0.1',
  ])
  expect(ran.code).toBeGreaterThan(0)
  expect(ran.stderr).toMatch(new RegExp(`${plane.port}|in use`, 'i'))
  expect(ran.stderr).not.toMatch(/^\s+at /m)
})

test('unknown options are told, with exit code 2', async () => {
  const ran = await runWaybill(['up', '--data', `${plane.data}/third`, '--nonsense'])
  expect(ran.code).toBe(2)
  expect(ran.stderr).toContain('--nonsense')
})
