import { spawn } from 'node:child_process'
import { close, constants, fdatasync, fsync, open } from 'node:fs'
import { promisify } from 'node:util'
import type { FsPath } from './directories.js'
import { cLibrary, type SlowNativeCall } from './native.js'

const openFile = promisify(open)
const syncFile = promisify(fsync)
const syncData = promisify(fdatasync)
const closeFile = promisify(close)

let flushWorks = process.platform === 'linux'

/**
 * Flushes the whole file system that the directory `path` lies on, data and directories: for thousands of
 * small files much cheaper than a sync of each. Answers false where that cannot be had or went wrong; then
 * each file is to be synced.
 */
export async function flushFileSystem(path: FsPath): Promise<boolean> {
  if (!flushWorks) return false
  const fd = await openFile(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    return await syncFileSystemOf(fd)
  } finally {
    await closeFile(fd)
  }
}

let native: { readonly syncfs: SlowNativeCall | undefined } | undefined

/** syncfs(2), see there. */
async function syncFileSystemOf(fd: number): Promise<boolean> {
  native ??= { syncfs: cLibrary()?.findSlow('int syncfs(int fd)') }
  return native.syncfs === undefined ? spawnSync(fd) : (await native.syncfs(fd)) === 0
}

/** By way of coreutils, which reopens the directory that it inherits as its input. */
function spawnSync(fd: number): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn('sync', ['-f', '/dev/stdin'], { stdio: [fd, 'ignore', 'ignore'] })
    child.once('error', () => {
      flushWorks = false
      resolve(false)
    })
    child.once('exit', (code) => resolve(code === 0))
  })
}

/** Flushes one file or directory. Directories cannot be synced on Windows, where renames are journaled. */
export async function syncPath(path: FsPath, directory: boolean): Promise<void> {
  if (directory && process.platform === 'win32') return
  const flags = directory ? constants.O_RDONLY | constants.O_DIRECTORY : constants.O_RDWR
  const fd = await openFile(path, flags | constants.O_NOFOLLOW)
  try {
    await syncFile(fd)
  } finally {
    await closeFile(fd)
  }
}

/** Flushes an open file with all that is needed to read it again. */
export async function syncOpen(fd: number): Promise<void> {
  await syncFile(fd)
}

/** Begin to write what is dirty, do not wait for it. */
const SYNC_FILE_RANGE_WRITE = 2

let range: { readonly call: SlowNativeCall | undefined } | undefined

/**
 * Has what was written to an open file go to the disk soon, so that its sync finds little left to do. Promises nothing.
 * Where the system has no call for that it is a sync of the data, which costs writers more.
 */
export async function pushOut(fd: number): Promise<void> {
  const prototype = 'int sync_file_range(int fd, int64_t offset, int64_t bytes, unsigned int flags)'
  range ??= { call: process.platform === 'linux' ? cLibrary()?.findSlow(prototype) : undefined }
  if (range.call === undefined) await syncData(fd)
  else await range.call(fd, 0, 0, SYNC_FILE_RANGE_WRITE)
}
