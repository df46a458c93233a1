import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { hashOf, isJson, ManagedProcess } from '@waybill/testkit'
import { beforeAll, expect, test } from 'vitest'
import { cleanUpAfterwards, deskFile, openStudio, type Studio } from '../studio.js'

const script = fileURLToPath(new URL('wire_client.py', import.meta.url))
const hasPython = spawnSync('python3', ['--version']).status === 0
let studio: Studio
cleanUpAfterwards()
beforeAll(async () => {
  if (hasPython) studio = await openStudio()
})

/** Runs the script over HTTPS; answers with what it printed. */
async function python(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { workspace, user, apiKey } = studio.admin.access
  const all = [script, studio.plane.url, workspace, user, apiKey, ...args]
  const run = new ManagedProcess('python3', all, { name: 'python' })
  const { code } = await run.exited
  return { code, stdout: run.stdout, stderr: run.stderr }
}

test.skipIf(!hasPython)('a client in Python creates a transfer and sees it done', async () => {
  const path = await deskFile(studio, 'from python ä.bin', 100_000)
  const ran = await python(studio.desk.at(path), 'volume=storage/python/')
  expect(ran).toMatchObject({ code: 0, stderr: '' })
  const job: unknown = JSON.parse(ran.stdout)
  expect(isJson(job) && job.status).toBe('done')
  expect(await hashOf(`${studio.storage}/python/from python ä.bin`)).toBe(await hashOf(path))
})

test.skipIf(!hasPython)('and is told in words what is wrong', async () => {
  const ran = await python('volume=nowhere/a', studio.desk.at('/tmp/b'))
  expect(ran.code).toBe(1)
  expect(ran.stderr).toMatch(/nowhere/)
})
