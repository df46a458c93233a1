import { fstatSync, write } from 'node:fs'
import { promisify } from 'node:util'
import { cLibrary, type NativeCall } from '../native.js'
import { Holes } from './holes.js'

const writeFile = promisify(write)

/** FALLOC_FL_KEEP_SIZE and FALLOC_FL_PUNCH_HOLE, see fallocate(2). */
const keepSizeAndPunch = 1 | 2

/**
 * Makes a part of an open file read as zeros, whatever was there: as a hole where that can be had, else zeros are
 * written. What lies behind the end of the file stays so.
 */
export async function makeZero(fd: number, from: number, until: number): Promise<void> {
  const { size } = fstatSync(fd)
  const end = Math.min(until, size)
  const holes = new Holes(fd, size)
  for (let at = from; at < end; ) {
    const dataEnd = Math.min(end, holes.dataEnd(at))
    if (dataEnd > at && !punch(fd, at, dataEnd - at)) await writeZeros(fd, at, dataEnd)
    at = dataEnd > at ? dataEnd : holes.holeEnd(at)
  }
}

let known: { readonly fallocate: NativeCall | undefined } | undefined

function punch(fd: number, offset: number, length: number): boolean {
  if (process.platform !== 'linux') return false
  known ??= {
    fallocate: cLibrary()?.find('int fallocate(int fd, int mode, int64_t offset, int64_t length)'),
  }
  return known.fallocate?.(fd, keepSizeAndPunch, offset, length) === 0
}

const zeros = Buffer.alloc(1024 * 1024)

async function writeZeros(fd: number, from: number, until: number): Promise<void> {
  for (let at = from; at < until; ) {
    const { bytesWritten } = await writeFile(fd, zeros, 0, Math.min(zeros.length, until - at), at)
    at += bytesWritten
  }
}
