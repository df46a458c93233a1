// @ts-check
import { createCipheriv, randomBytes } from 'node:crypto'
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'

const block = 4 * 1024 * 1024

/** An endless stream of bytes without any pattern: a cipher's, since that is faster than the disk. */
function randomness() {
  const cipher = createCipheriv('aes-128-ctr', randomBytes(16), randomBytes(16))
  const zeros = Buffer.alloc(block)
  return (/** @type {number} */ length) => cipher.update(length === block ? zeros : zeros.subarray(0, length))
}

/** Writes a file of bytes that were never seen before and that nothing shortens. */
export function makeFreshFile(/** @type {string} */ path, /** @type {number} */ size) {
  const next = randomness()
  const file = openSync(path, 'w')
  try {
    for (let done = 0; done < size; ) {
      const bytes = next(Math.min(block, size - done))
      done += writeSync(file, bytes)
    }
  } finally {
    closeSync(file)
  }
}

/** Writes `files` files of `size` such bytes each, in folders of a hundred. */
export function makeFreshTree(
  /** @type {string} */ root,
  /** @type {{ files: number, size: number }} */ { files, size },
) {
  const next = randomness()
  for (let index = 0; index < files; index += 1) {
    const folder = `${root}/${String(Math.floor(index / 100)).padStart(5, '0')}`
    if (index % 100 === 0) mkdirSync(folder, { recursive: true })
    writeFileSync(`${folder}/${String(index % 100).padStart(2, '0')}.dat`, next(size))
  }
}

/** A file of `size` bytes, of which but one megabyte in each gigabyte is data. */
export function makeSparseFile(/** @type {string} */ path, /** @type {number} */ size) {
  const next = randomness()
  const file = openSync(path, 'w')
  ftruncateSync(file, size)
  for (let at = 0; at + 1e6 <= size; at += 1e9) writeSync(file, next(1e6), 0, 1e6, at)
  closeSync(file)
}
