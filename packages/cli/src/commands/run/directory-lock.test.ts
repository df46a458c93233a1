import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lockDirectory } from './directory-lock.js'

test('one at a time on a directory, by whatever path, and free again afterwards', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'waybill-lock-'))
  const unlock = await lockDirectory(directory)
  await expect(lockDirectory(join(directory, '..', directory.split('/').at(-1) ?? ''))).rejects.toMatchObject(
    {
      exitCode: 2,
      message: expect.stringContaining('in use') as string,
    },
  )
  unlock()
  const again = await lockDirectory(directory)
  again()
  rmdirSync(directory)
})
