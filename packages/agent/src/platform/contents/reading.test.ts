import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openRoot } from '../directories.js'

let dir: string

beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'reading-')))
  for (const name of ['file', 'früh']) writeFileSync(join(dir, name), name)
  symlinkSync('file', join(dir, 'link'))
  mkdirSync(join(dir, 'directory'))
})
afterEach(() => {
  rmSync(dir, { recursive: true })
})

function read(name: string): string {
  const root = openRoot(dir)
  const room = Buffer.alloc(100)
  try {
    const length = root.read(Buffer.from(name).toString('latin1'), (fd) => readSync(fd, room, 0, 100, null))
    return room.subarray(0, length).toString()
  } finally {
    root.close()
  }
}

it('reads files, whatever their names', () => {
  expect([read('file'), read('früh')]).toEqual(['file', 'früh'])
})

it('follows no link, and says what is wrong', () => {
  expect(() => read('link')).toThrow('ELOOP')
  expect(() => read('missing')).toThrow('ENOENT')
  expect(() => read('directory')).toThrow('EISDIR')
})

it.skipIf(process.platform !== 'linux')('leaves nothing open, even when something goes wrong', () => {
  read('file')
  const before = readdirSync('/proc/self/fd').length
  for (let i = 0; i < 10; i++) {
    read('file')
    expect(() => read('directory')).toThrow('EISDIR')
  }
  expect(readdirSync('/proc/self/fd').length).toBe(before)
})
