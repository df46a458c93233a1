import { checkName, reservedOnWindows } from './names.js'
import type { Party, PathNotation, PathText } from './notation.js'
import { parseSequence } from './sequence.js'

/** The text of a party, as `parsePath` reads it. */
export function printParty(party: Party): string {
  switch (party.kind) {
    case 'workspace':
      return party.name === 'hq' ? 'hq' : `workspace=${party.name}`
    case 'user':
      return `user=${party.user}${party.host === undefined ? '' : `@${party.host}`}`
    case 'site':
      return `site=${party.site}`
    case 'client':
      return `client=${party.client}`
  }
}

/** The text of a path and its party, as `parsePath` reads it. */
export function printPath({ party, path }: PathText): string {
  if (party === undefined) return path === undefined ? '' : printNotation(path)
  return path === undefined ? printParty(party) : `${printParty(party)}:${printNotation(path)}`
}

/** The text of a path without a party. */
export function printNotation(path: PathNotation): string {
  const windows = isWindows(path)
  const separator = windows ? '\\' : '/'
  const names = path.names.join(separator)
  const tail = path.directory && names !== '' ? `${names}${separator}` : names
  switch (path.kind) {
    case 'share':
      return `${path.share}=${path.code}/${tail}`
    case 'home':
      return `~/${tail}`
    case 'absolute':
      return `${path.root}${tail}`
    case 'relative':
      // Whatever could be read as a party, a share or a drive is shown to be a path.
      return /^[\w. -]+\//.test(tail) ? tail : `./${tail}`
  }
}

function isWindows(path: PathNotation): boolean {
  return path.kind === 'absolute' && path.root !== '/'
}

/** A path further down. Throws `bad_request` for a name that is none, such as `..` or one with a slash. */
export function joinPath(path: PathNotation, ...names: readonly string[]): PathNotation {
  for (const name of names) checkName(name, isWindows(path))
  if (names.length === 0) return path
  const last = names.at(-1) ?? ''
  const sequence = parseSequence(last)
  const { sequence: _, ...rest } = path
  return {
    ...rest,
    names: [...path.names, ...names],
    directory: false,
    ...(sequence === undefined ? {} : { sequence }),
  }
}

/** The last name of a path; undefined at a top. */
export function baseName(path: PathNotation): string | undefined {
  return path.names.at(-1)
}

/** Names that a Windows machine could not write; for those who know that they talk to one. */
export function unfitForWindows(path: PathNotation): string | undefined {
  return path.names.map(reservedOnWindows).find((reason) => reason !== undefined)
}
