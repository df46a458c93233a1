import { hostname } from 'node:os'
import { fileEntry, hashListEnd, hashListStart, isXmlText } from '@waybill/api'
import type { ManifestFile } from '@waybill/sdk'
import { printable } from '../../output/printable.js'
import { version } from '../../version.js'

/** How a manifest is written: what stands before, for each file, and after. */
export interface ManifestFormat {
  start(): string
  /** Nothing for a file that the format cannot tell of. */
  file(file: ManifestFile, isFirst: boolean): string | Buffer | undefined
  readonly end: string
}

const text: ManifestFormat = {
  start: () => '',
  file: ({ path, size, modified, checksum, state }) =>
    `${(checksum ?? '-').padEnd(32)}  ${String(size).padStart(14)}  ${modified.slice(0, 19)}  ${state.padEnd(11)}  ${printable(path)}\n`,
  end: '',
}

const json: ManifestFormat = {
  start: () => '[',
  file: (file, isFirst) => `${isFirst ? '\n' : ',\n'}${JSON.stringify(file)}`,
  end: '\n]\n',
}

/** RFC 4180, with a head. */
const csv: ManifestFormat = {
  start: () => 'path,size,modified,checksum,state,task\r\n',
  file: ({ path, size, modified, checksum, state, task }) =>
    `${quoted(path)},${size},${modified},${checksum ?? ''},${state},${task}\r\n`,
  end: '',
}

/** As `xxhsum -H2` writes it and `xxhsum -c` reads it. */
const xxh128sum: ManifestFormat = {
  start: () => '',
  file: ({ path, bytes, checksum }) => {
    if (checksum === null) return undefined
    const name = bytes === undefined ? Buffer.from(path) : Buffer.from(bytes, 'base64')
    const plain = name.toString('latin1')
    if (!/[\n\r]/.test(plain)) return Buffer.from(`${checksum}  ${plain}\n`, 'latin1')
    const escaped = plain.replace(/[\\\n\r]/g, (character) => escapes[character] ?? '')
    return Buffer.from(`\\${checksum}  ${escaped}\n`, 'latin1')
  },
  end: '',
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r' }

/** A hash list of ASC MHL 2.0 without a history. What XML cannot say is not in it. */
const mhl: ManifestFormat = {
  start: () =>
    hashListStart({
      created: new Date(),
      hostname: hostname(),
      tool: { name: 'waybill', version: version() },
      root: undefined,
      ignore: [],
    }),
  file: ({ path, bytes, size, modified, checksum }) => {
    if (checksum === null || bytes !== undefined || !isXmlText(path)) return undefined
    const hash = { kind: 'xxh128', value: checksum, made: new Date() } as const
    return fileEntry(path, size, new Date(modified), hash, undefined)
  },
  end: hashListEnd,
}

export const manifestFormats = { text, json, csv, xxh128sum, mhl } as const
export type FormatName = keyof typeof manifestFormats

/** Tables of figures take a value that begins with one of these for a formula. */
function quoted(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
