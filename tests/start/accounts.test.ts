import { Agent, ControlPlane, startWaybill, tempDirectory, waitFor } from '@waybill/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import { cleanUpAfterwards } from '../studio.js'

let plane: ControlPlane
cleanUpAfterwards()
beforeAll(async () => {
  plane = await ControlPlane.start()
})

describe('waybill key create', () => {
  test('prints a key and nothing else, while the server runs, for an account that is nobody yet', async () => {
    const ran = await plane.command(['key', 'create', 'lisa@example.com', '--data', plane.data])
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toMatch(/^\S+\n$/)
    const lisa = plane.as('lisa@example.com', ran.stdout.trim())
    await expect(lisa.login()).rejects.toThrow(/./)
  })

  test('makes another key, and the first keeps working', async () => {
    const max = await plane.addUser('max@example.com', 'standard')
    const second = await plane.createKey('max@example.com')
    expect(second).not.toBe(max.access.apiKey)
    expect(await max.login()).toMatchObject({ role: 'standard' })
    expect(await plane.as('max@example.com', second).login()).toMatchObject({ role: 'standard' })
  })

  test('refuses what is no email, with exit code 2', async () => {
    const ran = await plane.command(['key', 'create', 'nobody', '--data', plane.data])
    expect(ran.code).toBe(2)
    expect(ran.stdout).toBe('')
  })
})

describe('waybill user', () => {
  test('add makes a member with a role, list shows it', async () => {
    const key = await plane.createKey('emma@example.com')
    const ran = await plane.command(['user', 'add', 'emma@example.com', '--role', 'employee'])
    expect(ran).toMatchObject({ code: 0 })
    expect(await plane.as('emma@example.com', key).login()).toMatchObject({ role: 'employee' })
    const list = await plane.command(['user', 'list'])
    expect(list.stdout).toMatch(/emma@example\.com.*employee/)
  })

  test('an unknown role is refused', async () => {
    const ran = await plane.command(['user', 'add', 'x@example.com', '--role', 'king'])
    expect(ran.code).toBe(2)
    expect(ran.stderr).toMatch(/king/)
  })
})

describe('an agent', () => {
  test('waits until its user is a member, without being locked out for it', async () => {
    const key = await plane.createKey('vera@example.com')
    const vera = plane.as('vera@example.com', key)
    const agent = new Agent({ plane, name: 'vera-mac', user: vera })
    // Several refused tries, seen from outside by what the agent says about them.
    await waitFor(() => agent.process.output.length > 0, { what: 'a word of the waiting agent' })
    for (let tries = 0; tries < 5; tries += 1) await expect(vera.login()).rejects.toThrow(/./)
    expect(agent.process.exit).toBeUndefined()
    await plane.admin.create('user', { code: 'vera@example.com', role: 'standard' })
    await agent.online()
    await agent.kill()
  })

  test('waits for a server that is not there yet', async () => {
    const { user, workspace, api_key } = plane.credentials
    const state = tempDirectory('agent')
    const early = startWaybill('early agent', [
      ...['agent', '--server', `http://127.0.0.1:${plane.httpPort}`, '--workspace', workspace],
      ...['--user', user, '--api-key', api_key, '--type', 'app', '--name', 'early', '--state', state],
    ])
    await waitFor(async () => (await plane.admin.find('client', 'code=early and status=online'))[0], {
      what: 'an agent on plain HTTP',
    })
    await plane.stop()
    expect(early.exit).toBeUndefined()
    await plane.restart()
    await waitFor(async () => (await plane.admin.find('client', 'code=early and status=online'))[0], {
      what: 'the agent to come back by itself',
    })
    expect(await early.terminate()).toEqual({ code: 0, signal: null })
  })

  test('refuses a server whose certificate is not the one of the fingerprint', async () => {
    const { user, workspace, api_key } = plane.credentials
    const wrong = '00'.repeat(32)
    const agent = startWaybill('misled agent', [
      ...['agent', '--server', plane.url, '--workspace', workspace, '--user', user, '--api-key', api_key],
      ...['--type', 'app', '--name', 'misled', '--state', tempDirectory('agent'), '--fingerprint', wrong],
    ])
    await agent.printed(/fingerprint|certificate/i)
    expect(await plane.admin.find('client', 'code=misled')).toEqual([])
    await agent.kill()
  })

  test('is shown offline and can then be deleted, and its identity outlives a restart', async () => {
    const agent = await Agent.start({ plane, name: 'passing' })
    const id = await agent.online()
    await agent.stop()
    await agent.restart()
    expect(await agent.online()).toBe(id)
    await expect(plane.admin.remove('client', id)).rejects.toThrow(/online/i)
    await agent.kill()
    await waitFor(async () => (await plane.admin.get('client', id))?.status === 'offline', {
      what: 'the client to be shown offline',
      timeoutMs: 60_000,
    })
    expect(await plane.admin.remove('client', id)).toBe(true)
    expect(await plane.admin.get('client', id)).toBeUndefined()
  })
})

describe('a key', () => {
  test('that is wrong is refused, and does not lock the right one out', async () => {
    const { user, api_key } = plane.credentials
    for (let tries = 0; tries < 12; tries += 1)
      await expect(plane.as(user, 'wrong').login()).rejects.toMatchObject({
        answer: { status: expect.toSatisfy((status) => [401, 403, 429].includes(Number(status))) as number },
      })
    expect(await plane.as(user, api_key).login()).toMatchObject({ role: 'admin' })
  })

  test('of a disabled user is refused until the user is enabled again', async () => {
    const dora = await plane.addUser('dora@example.com', 'standard')
    const { id } = await dora.login()
    await plane.admin.edit('user', String(id), { status: 'disabled' })
    await expect(dora.login()).rejects.toThrow(/disabled/i)
    await expect(dora.find('transfer')).rejects.toThrow(/disabled/i)
    await plane.admin.edit('user', String(id), { status: 'enabled' })
    expect(await dora.find('transfer')).toEqual([])
  })

  test('that was revoked is refused at once', async () => {
    const rita = await plane.addUser('rita@example.com', 'standard')
    await rita.login()
    const ran = await plane.command(['key', 'revoke', 'rita@example.com', '--data', plane.data])
    expect(ran.code).toBe(0)
    await expect(rita.find('transfer')).rejects.toMatchObject({ answer: { status: 401 } })
  })
})
