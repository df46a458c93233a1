// @ts-check
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'

const megabyte = 1024 * 1024

/** A day of shooting: one camera file, a numbered sequence, and the small files that come with them. */
export async function makeShoot(/** @type {string} */ directory) {
  await mkdir(join(directory, 'frames'), { recursive: true })
  await mkdir(join(directory, 'reports'))
  const camera = await open(join(directory, 'A001_C001.mov'), 'w')
  for (let written = 0; written < 256; written += 1) await camera.write(randomBytes(megabyte))
  await camera.close()
  for (let frame = 1001; frame <= 1240; frame += 1)
    await writeFile(join(directory, 'frames', `A001_C002.${frame}.exr`), randomBytes(64 * 1024))
  await writeFile(join(directory, 'A001_C001.xml'), '<clip name="A001_C001" fps="24"/>\n')
  await writeFile(join(directory, 'reports', 'Kamerabericht Tag 1 – ü.txt'), 'Karte A001, 2 Clips\n')
  await writeFile(join(directory, 'reports', 'empty.log'), '')
}

/** SHA-256 of every file beneath a directory, by relative path. */
export async function checksums(/** @type {string} */ directory) {
  /** @type {Map<string, string>} */
  const sums = new Map()
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name)
    const hash = createHash('sha256')
    await pipeline(createReadStream(path, { highWaterMark: megabyte }), hash)
    sums.set(relative(directory, path), hash.digest('hex'))
  }
  return sums
}

/** Compares two trees; throws with the first differences. Answers with the number of files. */
export async function compare(/** @type {string} */ one, /** @type {string} */ other) {
  const [left, right] = [await checksums(one), await checksums(other)]
  const paths = [...new Set([...left.keys(), ...right.keys()])]
  const different = paths.filter((path) => left.get(path) !== right.get(path))
  if (different.length > 0 || left.size === 0)
    throw new Error(
      `${one} and ${other} differ in ${different.length} files: ${different.slice(0, 5).join(', ')}`,
    )
  return left.size
}
