import type * as fileSystem from 'node:fs'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { copy, Side, temporaryDirectory } from './pair.fixture.js'

// So that all calls go through node:fs, where they can be counted.
const counted = vi.hoisted(() => {
  process.env.WAYBILL_NATIVE = 'off'
  return new Map<string, number>()
})

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fileSystem>()
  const counting = Object.entries(real).map(([name, value]): [string, unknown] => {
    if (typeof value !== 'function' || !/^[a-z]/.test(name)) return [name, value]
    const wrapper = (...args: unknown[]): unknown => {
      counted.set(name, (counted.get(name) ?? 0) + 1)
      return Reflect.apply(value, real, args)
    }
    return [name, Object.assign(wrapper, value)]
  })
  return Object.fromEntries<unknown>(counting)
})

const files = 1000
let directory: ReturnType<typeof temporaryDirectory>

beforeEach(() => {
  directory = temporaryDirectory()
  for (let i = 0; i < files; i++) {
    const parent = join(directory.path, 'source', `d${Math.floor(i / 100)}`)
    if (!existsSync(parent)) mkdirSync(parent, { recursive: true })
    writeFileSync(join(parent, `f${i}`), `contents of ${i}`)
  }
})
afterEach(() => directory.remove())

/** Calls per file, to a tenth: what is done for directories and sessions disappears in it. */
async function callsPerFile(): Promise<Record<string, number>> {
  const [from, to] = [new Side(), new Side()]
  counted.clear()
  const result = await copy(from, to, join(directory.path, 'source'), join(directory.path, 'target'))
  const calls = [...counted].map(([name, count]) => [name, Math.round((count * 10) / files) / 10] as const)
  await Promise.all([from.engine.close(), to.engine.close()])
  expect(result).toMatchObject({ status: 'done', files })
  return Object.fromEntries(calls.filter(([, count]) => count >= 0.5))
}

it('asks the system for no more than a small file needs', async () => {
  expect(await callsPerFile()).toEqual({
    // At the source.
    lstatSync: 1,
    readSync: 1,
    fstatSync: 1,
    // On both sides.
    openSync: 2,
    closeSync: 2,
    // At the destination.
    writeSync: 1,
    futimesSync: 1,
    renameSync: 1,
  })
})

it('looks once on each side at a file that did not change, and opens it nowhere', async () => {
  await callsPerFile()
  expect(await callsPerFile()).toEqual({ lstatSync: 2 })
})
