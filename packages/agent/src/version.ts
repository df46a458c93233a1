import { readFileSync } from 'node:fs'

/** The version of this package. */
export const version: string = readVersion()

function readVersion(): string {
  const json: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  const found = typeof json === 'object' && json !== null && 'version' in json ? json.version : undefined
  return typeof found === 'string' ? found : 'unknown'
}
