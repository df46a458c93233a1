import { closeSync, openSync, readSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { maxManifestLines, maxManifestPiece } from '@waybill/api'
import type { ManifestRange } from './record.js'

/** Lines of a record as they travel: zipped, in base64. Null when they cannot be read any more. */
export function manifestPiece({ file, from, to }: ManifestRange): string | null {
  if (file === null || to - from > maxManifestLines) return null
  try {
    const lines = Buffer.allocUnsafe(to - from)
    const fd = openSync(file, 'r')
    try {
      if (readSync(fd, lines, 0, lines.length, from) !== lines.length) return null
    } finally {
      closeSync(fd)
    }
    // The quickest: checksums do not get smaller, and paths do in any case.
    const zipped = gzipSync(lines, { level: 1 }).toString('base64')
    return zipped.length <= maxManifestPiece ? zipped : null
  } catch {
    return null
  }
}
