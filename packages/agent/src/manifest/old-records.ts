import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { recordsOf } from './earlier-runs.js'

const keptMs = 30 * 86_400_000

/** Removes the records of jobs that nobody went on with for a month. Never rejects. */
export async function removeOldRecords(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => [])
  for (const name of names) {
    const path = join(directory, name)
    const changed = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    )
    if (changed !== undefined && Date.now() - changed > keptMs) await remove(path)
  }
}

/** All files of a job were told of: its records go. Never rejects. */
export async function removeRecords(directory: string, job: string): Promise<void> {
  await remove(recordsOf(directory, job))
}

async function remove(path: string): Promise<void> {
  // What stays is removed when it is old.
  await rm(path, { recursive: true, force: true }).catch(() => undefined)
}
