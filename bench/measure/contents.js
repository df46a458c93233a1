// @ts-check
import { closeSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs'
import xxhash from 'xxhash-addon'

const { XXHash128 } = xxhash
const buffer = Buffer.alloc(4 * 1024 * 1024)

/** One checksum (xxh128) of a file, or of all paths and contents of a tree. */
export function checksumOf(/** @type {string} */ path) {
  const hash = new XXHash128(Buffer.alloc(8))
  addTo(hash, path, '')
  return hash.digest().toString('hex')
}

/** @param {xxhash.XXHash128} hash @param {string} path @param {string} name */
function addTo(hash, path, name) {
  if (!lstatSync(path).isDirectory()) {
    hash.update(Buffer.from(`${name}\0`))
    addFile(hash, path)
    return
  }
  for (const entry of readdirSync(path).sort()) addTo(hash, `${path}/${entry}`, `${name}/${entry}`)
}

/** @param {xxhash.XXHash128} hash @param {string} path */
function addFile(hash, path) {
  const file = openSync(path, 'r')
  try {
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer))
      hash.update(buffer.subarray(0, read))
  } finally {
    closeSync(file)
  }
}

/**
 * Bytes of files that are really there, below `path`: of a file with holes, as some programs make while they
 * write in several places, only what was written.
 * @param {string} path
 * @returns {number}
 */
export function bytesBelow(path) {
  const entry = lstatSync(path, { throwIfNoEntry: false })
  if (entry === undefined) return 0
  if (!entry.isDirectory()) return Math.min(entry.size, entry.blocks * 512)
  return readdirSync(path).reduce((sum, name) => sum + bytesBelow(`${path}/${name}`), 0)
}
