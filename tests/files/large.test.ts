import { mkdir, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { waitFor } from '@waybill/testkit'
import { beforeAll, expect, it } from 'vitest'
import { cleanUpAfterwards, openStudio, type Studio } from '../studio.js'
import { ls } from './calls.js'

// Directories too large to be held, and callers who do not wait for the end.

cleanUpAfterwards()
let studio: Studio
const many = 30_000

beforeAll(async () => {
  studio = await openStudio()
  const directory = join(studio.storage, 'many')
  await mkdir(directory)
  for (let from = 0; from < many; from += 500) {
    const numbers = Array.from({ length: 500 }, (_, index) => from + index)
    await Promise.all(numbers.map((number) => writeFile(join(directory, `frame.${number}.exr`), '')))
  }
})

it('lists every one of very many files once, in order', async () => {
  const entries = await ls(studio.admin, 'volume=storage/many')
  const names = entries.map(({ filename }) => filename)
  expect(names).toHaveLength(many)
  expect(new Set(names).size).toBe(many)
  expect(names).toEqual([...names].sort())
})

it('goes on answering after callers that hung up in the middle of listings', async () => {
  const { admin } = studio
  await admin.login()
  for (let index = 0; index < 25; index++) await hangUp()
  // Each of those would hold a place in the line of this user, and a listing of the agent, for a minute.
  await waitFor(async () => (await ls(admin, 'volume=storage/many', { limit: 3 })).length === 3, {
    what: 'a listing after many that were left',
  })
})

/** Asks for the listing, reads the beginning of the answer, and breaks the connection. */
function hangUp(): Promise<void> {
  const { admin } = studio
  const event = {
    ...{ audience: 'api', workspace: admin.access.workspace, ident: admin.access.user },
    ...{ uri: 'workspace/file', data: { op: 'ls', path: 'volume=storage/many' } },
  }
  const url = `${admin.access.url}/api/v3/event?${encodeURIComponent(JSON.stringify(event))}`
  return new Promise((resolve, reject) => {
    const call = request(url, { headers: admin.headers(), agent: false })
    call.once('error', reject)
    call.once('response', (answer) => {
      answer.once('error', () => undefined)
      answer.once('data', () => {
        call.off('error', reject)
        call.on('error', () => undefined)
        answer.destroy()
        resolve()
      })
    })
    call.end()
  })
}
