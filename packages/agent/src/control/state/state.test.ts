import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { tempDirectory } from '../../../../testkit/src/temp.js'
import { Identity } from './identity.js'
import { takeLock } from './lock.js'

const quiet = (): void => undefined

function writeLock(directory: string, holder: object, ageMs = 0): void {
  const path = join(directory, 'lock')
  writeFileSync(path, JSON.stringify({ token: 'other', pid: process.ppid, host: hostname(), ...holder }))
  const then = new Date(Date.now() - ageMs)
  utimesSync(path, then, then)
}

describe('the lock of a state directory', () => {
  it('is had by one at a time', async () => {
    const directory = tempDirectory('lock')
    const lock = await takeLock(directory, quiet)
    await expect(takeLock(directory, quiet, { patience: 0 })).rejects.toThrow('--state')
    const waiting = takeLock(directory, quiet)
    await lock.release()
    await (await waiting).release()
  })

  it.each([
    ['whose process is gone', { pid: 2 ** 22 + 1 }, 0],
    ['of a process before this one with the same number', { pid: process.pid }, 0],
    ['that nobody has touched for long, though a process has that number', {}, 60_000],
    ['of another machine that is gone', { host: 'elsewhere' }, 60_000],
  ])('is taken over from one %s', async (_what, holder, age) => {
    const directory = tempDirectory('lock')
    writeLock(directory, holder, age)
    await (await takeLock(directory, quiet, { patience: 0, beat: 50 })).release()
  })

  it.each([
    ['this machine', {}],
    ['another one', { host: 'elsewhere' }],
  ])('is left to a process of %s that lives, though the clocks differ by hours', async (_where, holder) => {
    const directory = tempDirectory('lock')
    let age = 7_200_000
    writeLock(directory, holder, age)
    const touching = setInterval(() => {
      age -= 1000
      writeLock(directory, holder, age)
    }, 10)
    const options = { patience: 0, beat: 100 }
    await expect(takeLock(directory, quiet, options)).rejects.toThrow('uses the state directory')
    clearInterval(touching)
  })

  it.each([
    ['a running process', {}],
    ['another machine that is alive', { host: 'elsewhere', pid: 2 ** 22 + 1 }],
  ])('is left to %s', async (_who, holder) => {
    const directory = tempDirectory('lock')
    writeLock(directory, holder)
    await expect(takeLock(directory, quiet, { patience: 0 })).rejects.toThrow('uses the state directory')
  })

  it('is made again when the directory was wiped', async () => {
    const directory = tempDirectory('lock')
    const path = join(directory, 'lock')
    const lock = await takeLock(directory, quiet, { beat: 10 })
    rmSync(path)
    await vi.waitFor(() => expect(statSync(path).size).toBeGreaterThan(0))
    await lock.release()
  })

  it('tells its holder when somebody took it over', async () => {
    const directory = tempDirectory('lock')
    let lose: () => void = quiet
    const lost = new Promise<void>((resolve) => {
      lose = resolve
    })
    const lock = await takeLock(directory, lose, { beat: 10 })
    writeLock(directory, {})
    await lost
    await lock.release()
    expect(readFileSync(join(directory, 'lock'), 'utf8')).toContain('other')
  })
})

describe('the identity of an agent', () => {
  it('stays, for nobody else to read', async () => {
    const directory = tempDirectory('identity')
    const { machine, file } = await Identity.load(directory, quiet)
    expect((await Identity.load(directory, quiet)).machine).toBe(machine)
    expect(statSync(file).mode & 0o077).toBe(0)
  })

  it.each(['', '{', '[]', '{"machine":"../.."}', '\0'])('is made anew from a file with %j', async (text) => {
    const directory = tempDirectory('identity')
    writeFileSync(join(directory, 'agent.json'), text)
    const logged: string[] = []
    await Identity.load(directory, (_level, message) => logged.push(message))
    expect(logged.join()).toContain('set aside')
    expect(readFileSync(join(directory, 'agent.json.damaged'), 'utf8')).toBe(text)
  })
})
