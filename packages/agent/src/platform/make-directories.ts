import { mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * Makes a directory and those above it that are missing; returns the topmost one that was made, or undefined when
 * all were there. Throws the system's error where one cannot be made.
 *
 * Node's own recursive mkdir never returns where a file system answers ENOENT beneath a directory that is there
 * (`/proc/x/y`, some automounters), and the process with it. Here every level is tried once on the way up and
 * once on the way down.
 */
export function makeDirectories(path: string): string | undefined {
  const missing: string[] = []
  for (let at = resolve(path); !isDirectory(at) && dirname(at) !== at; at = dirname(at)) missing.push(at)
  let first: string | undefined
  for (const directory of missing.reverse()) if (makeOne(directory)) first ??= directory
  return first
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** False when somebody else was faster. */
function makeOne(directory: string): boolean {
  try {
    mkdirSync(directory)
    return true
  } catch (error) {
    if (isDirectory(directory)) return false
    throw error
  }
}
