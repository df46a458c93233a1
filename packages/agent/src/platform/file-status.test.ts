import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openRoot } from './directories.js'
import { type FileStatus, statusOf } from './file-status.js'

let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'status-'))
  writeFileSync(join(dir, 'file'), 'twelve bytes')
  linkSync(join(dir, 'file'), join(dir, 'other'))
  mkdirSync(join(dir, 'directory'), { mode: 0o750 })
  symlinkSync('nowhere', join(dir, 'link'))
  writeFileSync(join(dir, 'früh'), '')
  utimesSync(join(dir, 'früh'), new Date(-3250), new Date(-3250))
  writeFileSync(join(dir, 'hole'), '')
})
afterEach(() => {
  rmSync(dir, { recursive: true })
})

function told(stat: FileStatus): unknown {
  const { dev, ino, nlink, mode, uid, gid, size, mtimeNs, ctimeNs } = stat
  const kinds = [stat.isFile(), stat.isDirectory(), stat.isSymbolicLink()]
  return { dev, ino, nlink, mode, uid, gid, size, mtimeNs, ctimeNs, kinds }
}

it.each(['file', 'other', 'directory', 'link', 'früh', 'hole'])('says of %s what node:fs says', (name) => {
  const root = openRoot(dir)
  try {
    const status = root.status(Buffer.from(name).toString('latin1'))
    expect(status && told(status)).toEqual(told(lstatSync(join(dir, name), { bigint: true })))
  } finally {
    root.close()
  }
})

it('knows what is not there, and throws for what cannot be', () => {
  const root = openRoot(dir)
  try {
    expect(root.status('missing')).toBeUndefined()
    expect(() => root.status('n'.repeat(300))).toThrow('ENAMETOOLONG')
  } finally {
    root.close()
  }
})

it('looks at open files, and at times before 1970', () => {
  const fd = openSync(join(dir, 'früh'), constants.O_RDONLY)
  try {
    expect(told(statusOf(fd))).toEqual(told(fstatSync(fd, { bigint: true })))
    expect(statusOf(fd).mtimeNs).toBeLessThan(0n)
  } finally {
    closeSync(fd)
  }
})
