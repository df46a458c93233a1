import { randomUUID } from 'node:crypto'
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Lock {
  release(): Promise<void>
}

export interface LockOptions {
  /** How long to wait for another agent to end, milliseconds. */
  readonly patience: number
  /** Between two signs of life, milliseconds; a lock without one for five of them is nobody's. */
  readonly beat: number
}

const defaults: LockOptions = { patience: 5000, beat: 2000 }

interface Holder {
  readonly token: string
  readonly pid: number
  readonly host: string
}

/** Tokens of the locks that this process holds. */
const held = new Set<string>()

/**
 * Takes the lock of a state directory: a file that names its holder and is touched while that one lives. Files
 * and times are all it needs, so it works on every platform and file system. Should two agents take over the
 * same abandoned lock at once, the slower one finds out by the file's content and is told through `lost`.
 */
export async function takeLock(
  directory: string,
  lost: () => void,
  options: Partial<LockOptions> = {},
): Promise<Lock> {
  const { patience, beat } = { ...defaults, ...options }
  const path = join(directory, 'lock')
  const holder: Holder = { token: randomUUID(), pid: process.pid, host: hostname() }
  const deadline = performance.now() + patience
  while (!(await tryTake(path, holder, beat))) {
    if (performance.now() >= deadline) throw new Error(await inUse(directory, path))
    await sleep(100)
  }
  held.add(holder.token)
  const touching = setInterval(() => void touch(), beat)
  touching.unref()
  async function touch(): Promise<void> {
    const now = new Date()
    const found = await readHolder(path)
    if (found?.token === holder.token) await utimes(path, now, now).catch(() => undefined)
    // Somebody wiped the directory, or it cannot be read just now: no reason to give up.
    else if (found === undefined) await write(path, holder).catch(() => undefined)
    else if (held.delete(holder.token)) {
      clearInterval(touching)
      lost()
    }
  }
  return {
    async release() {
      clearInterval(touching)
      if (held.delete(holder.token) && (await readHolder(path))?.token === holder.token) {
        await rm(path, { force: true })
      }
    },
  }
}

async function tryTake(path: string, holder: Holder, beat: number): Promise<boolean> {
  if (await isHeld(path, beat)) return false
  await rm(path, { force: true })
  try {
    await write(path, holder)
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw error
  }
  return true
}

/** Makes the lock; fails with EEXIST where there is one. */
async function write(path: string, holder: Holder): Promise<void> {
  await writeFile(path, JSON.stringify(holder), { flag: 'wx', mode: 0o600 })
}

async function isHeld(path: string, beat: number): Promise<boolean> {
  const touched = await touchedAt(path)
  if (touched === undefined) return false
  const age = Math.abs(Date.now() - touched)
  const holder = await readHolder(path)
  // Just made, and not written yet.
  if (holder === undefined) return age < beat
  if (holder.host === hostname()) {
    if (holder.pid === process.pid) return held.has(holder.token)
    if (!isRunning(holder.pid)) return false
  }
  if (age <= 5 * beat) return true
  // Its last sign of life is old, or the clock was set: whoever lives gives another one.
  await sleep(2 * beat)
  const later = await touchedAt(path)
  return later !== undefined && later !== touched
}

/** When there was a sign of life, by the clock of whoever gave it; undefined where there is no lock. */
async function touchedAt(path: string): Promise<number | undefined> {
  return await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  )
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const json: unknown = JSON.parse(await readFile(path, 'utf8'))
    if (typeof json !== 'object' || json === null) return undefined
    if (!('token' in json && 'pid' in json && 'host' in json)) return undefined
    const { token, pid, host } = json
    if (typeof token !== 'string' || typeof pid !== 'number' || typeof host !== 'string') return undefined
    return { token, pid, host }
  } catch {
    return undefined
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Somebody else's process is a running one too.
    return isCode(error, 'EPERM')
  }
}

async function inUse(directory: string, path: string): Promise<string> {
  const holder = await readHolder(path)
  const who =
    holder === undefined ? 'Another agent' : `Another agent (process ${holder.pid} on ${holder.host})`
  return `${who} uses the state directory ${directory}. Stop that one, or give this one its own with --state`
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
