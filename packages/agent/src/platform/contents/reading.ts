import { closeSync, constants, openSync } from 'node:fs'
import type { FsPath } from '../directories.js'
import { cLibrary, type NativeCall } from '../native.js'

/** Of open(2) on Linux; node:fs sets it by itself. */
const O_CLOEXEC = 0o2000000
// Without O_NONBLOCK a pipe that took the file's place would hang us.
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
const ascii = /^[\x20-\x7e]+$/

interface Native {
  readonly openat: NativeCall
  readonly close: NativeCall
}

let native: { readonly calls: Native | undefined } | undefined

function nativeCalls(): Native | undefined {
  if (native === undefined) {
    const library = process.platform === 'linux' ? cLibrary() : undefined
    const openat = library?.find('int openat(int dir, const char *path, int flags, unsigned int mode)')
    // Node warns when it is to close in a thread what it did not open there.
    const close = library?.find('int close(int fd)')
    native = { calls: openat && close && { openat, close } }
  }
  return native.calls
}

/**
 * Opens `name` in the directory that is open as `directory` for reading, without following a link, for as long as
 * `action` runs. `path` leads to the same, for node:fs. Throws what that throws.
 */
export function readIn<T>(directory: number, name: string, path: () => FsPath, action: (fd: number) => T): T {
  const calls = ascii.test(name) ? nativeCalls() : undefined
  const fd = calls?.openat(directory, name, flags | O_CLOEXEC, 0) ?? -1
  // The slow way, which also says what is wrong.
  if (calls === undefined || fd < 0) return readAt(path(), action)
  try {
    return action(fd)
  } finally {
    calls.close(fd)
  }
}

/** The same by a path. */
export function readAt<T>(path: FsPath, action: (fd: number) => T): T {
  const fd = openSync(path, flags)
  try {
    return action(fd)
  } finally {
    closeSync(fd)
  }
}
