import type { Session } from '@waybill/sdk'
import { type AccessFlags, withSession } from '../../access/connect.js'
import { withWaiting } from '../../output/waiting.js'
import { localPath } from '../jobs/local-path.js'

/** Agents may have to go through millions of files before there is something to say. */
const timeoutMs = 3_600_000

/** Runs a call about files, which may take its time. */
export async function withFiles<T>(
  flags: AccessFlags,
  words: string,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  return await withSession(flags, async (session) => withWaiting(words, () => work(session)), { timeoutMs })
}

/** Paths as the server is to read them: those that start with `./` are on this machine. */
export function readable(path: string): string {
  return localPath(path, process.cwd())
}

/** What all of these commands read. */
export const notations = `
Paths:
  volume=CODE/dir, folder=CODE/dir, home=EMAIL/dir, collection=CODE, ~/dir, a path beneath the default volume,
  or an absolute path beneath a volume; site=CODE: in front says at which site. ./dir and other absolute paths
  are on a machine of your own that runs "waybill agent".`
