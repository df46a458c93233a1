import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reapDirectory } from './reaper.js'

/** A fresh directory, removed with everything in it when this process ends. */
export function tempDirectory(name = 'test'): string {
  const path = mkdtempSync(join(tmpdir(), `waybill-${name}-`))
  reapDirectory(path)
  return path
}
