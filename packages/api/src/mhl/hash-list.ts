import type { MhlHash } from '../control/options.js'
import { xmlText } from './xml.js'

/** A checksum in a hash list. */
export interface ListedHash {
  readonly kind: MhlHash
  readonly value: string
  /** When it was made. */
  readonly made: Date
}

/**
 * How a checksum stands to the history: the first of its kind, the same as before, or another one. Without a history
 * there is none.
 */
export type HashAction = 'original' | 'verified' | 'failed'

/** The checksums of what is in a directory, and of how it is built and named. */
export interface DirectoryHash {
  readonly content: ListedHash
  readonly structure: ListedHash
}

export interface HashListHead {
  readonly created: Date
  readonly hostname: string
  readonly tool: { readonly name: string; readonly version: string }
  /** Of the whole directory, where all of it is listed. */
  readonly root: DirectoryHash | undefined
  /** What is never listed. */
  readonly ignore: readonly string[]
}

/** What stands before the entries of an ASC MHL hash list, version 2.0. */
export function hashListStart({ created, hostname, tool, root, ignore }: HashListHead): string {
  const patterns = ignore.map((pattern) => `      <pattern>${xmlText(pattern)}</pattern>\n`).join('')
  const ignoring = patterns === '' ? '' : `    <ignore>\n${patterns}    </ignore>\n`
  return `<?xml version="1.0" encoding="UTF-8"?>
<hashlist version="2.0" xmlns="urn:ASC:MHL:v2.0">
  <creatorinfo>
    <creationdate>${xmlDate(created)}</creationdate>
    <hostname>${xmlText(hostname)}</hostname>
    <tool version="${xmlText(tool.version)}">${xmlText(tool.name)}</tool>
  </creatorinfo>
  <processinfo>
    <process>transfer</process>
${root === undefined ? '' : `    <roothash>\n${parts(root, '      ')}    </roothash>\n`}${ignoring}  </processinfo>
  <hashes>
`
}

/** What stands after the entries. */
export const hashListEnd = '  </hashes>\n</hashlist>\n'

/** The entry of a file. XML has to be able to hold its path. */
export function fileEntry(
  path: string,
  size: number,
  modified: Date,
  { kind, value, made }: ListedHash,
  action: HashAction | undefined,
): string {
  const said = action === undefined ? '' : ` action="${action}"`
  return `    <hash>
      <path size="${size}"${modifiedAt(modified)}>${xmlText(path)}</path>
      <${kind}${said} hashdate="${xmlDate(made)}">${xmlText(value)}</${kind}>
    </hash>
`
}

/** The entry of a directory, which comes after all that is in it. */
export function directoryEntry(path: string, hash: DirectoryHash): string {
  return `    <directoryhash>
      <path>${xmlText(path)}</path>
${parts(hash, '      ')}    </directoryhash>
`
}

function parts({ content, structure }: DirectoryHash, indent: string): string {
  return part('content', content, indent) + part('structure', structure, indent)
}

function part(name: string, { kind, value, made }: ListedHash, indent: string): string {
  const hash = `<${kind} hashdate="${xmlDate(made)}">${xmlText(value)}</${kind}>`
  return `${indent}<${name}>\n${indent}  ${hash}\n${indent}</${name}>\n`
}

function modifiedAt(date: Date): string {
  return Number.isNaN(date.getTime()) ? '' : ` lastmodificationdate="${xmlDate(date)}"`
}

/** `2026-01-31T08:00:00+00:00`, a dateTime of XML Schema. */
function xmlDate(date: Date): string {
  return date.toISOString().replace(/(?:\.000)?Z$/, '+00:00')
}
