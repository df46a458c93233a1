import { lstatSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Everything beneath a directory: names as latin1, contents, times to the millisecond. */
export function describeTree(root: string): Map<string, string> {
  const found = new Map<string, string>()
  const walk = (bytes: Buffer, prefix: string) => {
    for (const name of readdirSync(bytes, { encoding: 'buffer' })) {
      const path = Buffer.concat([bytes, Buffer.from('/'), name])
      const shown = `${prefix}${name.toString('latin1')}`
      const stat = lstatSync(path)
      const time = Math.floor(stat.mtimeMs)
      if (stat.isDirectory()) {
        found.set(`${shown}/`, String(time))
        walk(path, `${shown}/`)
      } else {
        found.set(shown, `${time} ${stat.isFile() ? readFileSync(path).toString('base64') : 'special'}`)
      }
    }
  }
  walk(Buffer.from(root), '')
  return found
}

/** Writes files, given by their path, with a time in the past. Directories end in `/`. */
export function makeTree(root: string, files: Record<string, string | Buffer>): void {
  for (const [path, content] of Object.entries(files)) {
    const at = join(root, path)
    if (path.endsWith('/')) {
      mkdirSync(at, { recursive: true })
    } else {
      mkdirSync(join(at, '..'), { recursive: true })
      writeFileSync(at, content)
      utimesSync(at, 1_700_000_000.25, 1_700_000_000.25)
    }
  }
}
