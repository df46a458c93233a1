import { join } from 'node:path'
import { Agent, type Entity, type WireClient, waitFor, waitForStatus } from '@waybill/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import { cleanUpAfterwards, openStudio, type Studio, slow, slowSize, storageFile } from '../studio.js'

let studio: Studio
cleanUpAfterwards()
beforeAll(async () => {
  studio = await openStudio()
})

interface Member {
  readonly client: WireClient
  readonly email: string
  id: string
}

/** Somebody with an agent named after them. */
async function joined(name: string): Promise<Member & { readonly agent: Agent }> {
  const email = `${name}@example.com`
  const client = studio.plane.as(email, await studio.plane.createKey(email))
  await invite(email)
  const agent = await Agent.start({ plane: studio.plane, name, user: client })
  return { client, email, id: await idOf(email), agent }
}

async function invite(code: string): Promise<void> {
  const data = { code, role: 'employee', volumes: ['storage'], create_home_share: true, mail: false }
  await studio.admin.create('user', data)
}

async function idOf(email: string): Promise<string> {
  const [user] = await studio.admin.find('user', `code=${email}`)
  return user?.id ?? ''
}

async function clientOf(name: string): Promise<Entity | undefined> {
  return (await studio.admin.find('client', `code=${name}`))[0]
}

/** A transfer of somebody from the storage to their own machine. */
async function fetch(
  { client, agent }: { readonly client: WireClient; readonly agent: Agent },
  name: string,
  { size = 1000, ...more }: Record<string, unknown> & { readonly size?: number } = {},
): Promise<Entity> {
  const source = await storageFile(studio, name, size)
  return await client.create('transfer', { source, destination: agent.at(join(agent.state, name)), ...more })
}

describe('a user that is deleted', () => {
  test('takes its jobs along; invited again it has its keys, and its agent comes back by itself', async () => {
    const lisa = await joined('lisa')
    const before = await clientOf('lisa')
    const job = await fetch(lisa, 'for-lisa.bin')
    await waitForStatus(studio.admin, job.id, 'done')
    const paused = await fetch(lisa, 'never.bin', { status: 'paused' })

    expect(await studio.admin.remove('user', lisa.id)).toBe(true)
    expect(await studio.admin.get('transfer', paused.id)).toMatchObject({ status: 'aborted' })
    expect(await clientOf('lisa')).toBeUndefined()
    await expect(lisa.client.result('GET', 'entitytypes')).rejects.toThrow(/is no user/)
    await lisa.agent.process.printed(/is no user of the workspace/)

    expect(await studio.admin.find('home')).toEqual([])

    await invite(lisa.email)
    const back = await waitFor(async () => await clientOf('lisa'), { what: 'the agent to come back' })
    await lisa.agent.online()
    expect(back.id).not.toBe(before?.id)
    expect(await lisa.client.login()).toMatchObject({ id: await idOf(lisa.email) })
    const again = await fetch(lisa, 'again.bin')
    await waitForStatus(studio.admin, again.id, 'done')
  })
})

describe('a user that is disabled', () => {
  test('is logged out, its agent is hung up on and its jobs wait until it is enabled', async () => {
    const max = await joined('max')
    const job = await fetch(max, 'for-max.bin', { size: slowSize, settings: slow })
    await waitForStatus(studio.admin, job.id, 'running')
    const edit = async (status: string) => await studio.admin.edit('user', max.id, { status })
    await edit('disabled')
    await expect(max.client.result('GET', 'entitytypes')).rejects.toThrow(/is disabled/)
    await max.agent.process.printed(/is disabled/)
    await waitFor(async () => (await clientOf('max'))?.status === 'offline', { what: 'max to be offline' })
    await waitFor(async () => (await studio.admin.get('transfer', job.id))?.status_code === 'E#J051', {
      what: 'the job to say that it waits for its user',
    })
    await edit('enabled')
    await waitForStatus(studio.admin, job.id, 'done')
  })
})

describe('a user that is deactivated', () => {
  test('needs no active job, keeps home and access aside, and comes back with all of it', async () => {
    const sue = await joined('sue')
    const seen = async () => [await sue.client.find('volume'), await sue.client.find('home')].flat().length
    expect(await seen()).toBe(2)
    const job = await fetch(sue, 'party.bin', { status: 'paused' })
    const aside = async () => await studio.admin.result('DELETE', 'user/deactivate', { id: sue.id })
    await expect(aside()).rejects.toThrow(/active job, transfer party.bin/)
    await studio.admin.edit('transfer', job.id, { status: 'aborted' })
    expect(await aside()).toBe(true)
    await expect(sue.client.result('GET', 'entitytypes')).rejects.toThrow(/is no user/)
    expect(await studio.admin.find('home', `user=${sue.email}`)).toEqual([])
    expect(await studio.admin.find('acl', `acl WHERE entity=user:${sue.id}`)).toEqual([])
    await expect(studio.admin.create('user', { code: sue.email })).rejects.toThrow(/deactivated/)

    expect(await studio.admin.result('POST', 'user/activate', { query: sue.email })).toBe(true)
    await sue.agent.online()
    expect(await seen()).toBe(2)
    await waitForStatus(studio.admin, (await fetch(sue, 'back.bin')).id, 'done')
  })
})

describe('a role', () => {
  test('takes access along when it changes, and a server agent with it', async () => {
    const ada = await studio.plane.addUser('ada@example.com', 'admin')
    const agent = await Agent.start({ plane: studio.plane, name: 'nas', user: ada, type: 'server' })
    const id = await idOf('ada@example.com')
    await studio.admin.edit('user', id, { role: 'employee' })
    await agent.process.printed(/needs a user with the role admin/)
    expect(await ada.find('volume')).toEqual([])
    const [storage] = await studio.admin.find('volume', 'default=true')
    const grant = { entity: `user:${id}`, target: `share:${storage?.id ?? ''}`, read: true, write: true }
    await studio.admin.create('acl', grant)
    expect(await ada.find('volume')).toHaveLength(1)
    await studio.admin.edit('user', id, { role: 'standard' })
    await studio.admin.edit('user', id, { role: 'employee' })
    expect(await ada.find('volume')).toEqual([])
  })
})
