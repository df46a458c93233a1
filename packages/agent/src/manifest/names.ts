import { type BytePath, baseName, joinPath } from '@waybill/asc'
import type { Place } from '../transfer/place.js'

/** How a file is called in a manifest. */
export interface ManifestName {
  readonly path: string
  /** Its bytes in base64, where they are no UTF-8. */
  readonly bytes?: string
}

/** From the directory that the task's destination lies in: the destination's own name comes first. */
export function manifestName(place: Place, path: BytePath): ManifestName {
  return printedName(joinPath(baseName(place.base), path))
}

/** A path as text, and its bytes where text does not say it all. */
export function printedName(path: BytePath): ManifestName {
  // Nearly all are ASCII, which is the same in bytes and text.
  if (!/[\u0080-\u00ff]/.test(path)) return { path }
  const bytes = Buffer.from(path, 'latin1')
  const text = bytes.toString('utf8')
  if (Buffer.from(text).equals(bytes)) return { path: text }
  return { path: text, bytes: bytes.toString('base64') }
}
