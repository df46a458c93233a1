import { refused } from './names.js'
import type { Party } from './notation.js'

export interface PartyOptions {
  /** The workspace's code, which names the same party as `hq`. */
  readonly workspace?: string
}

const NAMED = /^(workspace|user|site|client)([=:])([^:]*)/i
const EMAIL = /^([^\s@:/\\=,;]+@[^\s@:/\\=,;]+)(?:@([^\s@:/\\=,;]+))?$/

/**
 * Reads a party and the colon behind it; undefined when the text starts with none, so that all of it is a
 * path. Throws `bad_request` for what looks like a party and is none.
 */
export function parseParty(
  text: string,
  options: PartyOptions,
): { readonly party: Party; readonly rest: string } | undefined {
  const named = NAMED.exec(text)
  if (named !== null) {
    const [whole, kind = '', sign = '', value = ''] = named
    return { party: readNamed(kind.toLowerCase(), sign, value), rest: text.slice(whole.length + 1) }
  }
  const colon = text.indexOf(':')
  const name = colon < 0 ? text : text.slice(0, colon)
  const party = readName(name, options)
  if (party !== undefined) return { party, rest: colon < 0 ? '' : text.slice(colon + 1) }
  // A colon further down is part of a file's name; one behind a first word was meant to end a party.
  if (colon < 0 || name.includes('/')) return undefined
  throw refused(
    `"${name}" is no party: write hq, an email, site=${name || 'code'} or client=id before the colon, or ./${text} for a file of that name`,
  )
}

function readNamed(kind: string, sign: string, value: string): Party {
  if (value.trim() !== value || value === '' || /[/\\]/.test(value))
    throw refused(
      `The ${kind} is missing after ${kind}${sign}; write ${kind}=${example(kind)}:path, or ./${kind}${sign}${value} for a file of that name`,
    )
  switch (kind) {
    case 'workspace':
      return { kind, name: value }
    case 'site':
      return { kind, site: value }
    case 'client':
      return { kind, client: value }
    default:
      return readUser(value) ?? { kind: 'user', user: value }
  }
}

function example(kind: string): string {
  return kind === 'user' ? 'email' : kind === 'client' ? 'id' : 'code'
}

/** A party that is written without saying what it is. */
function readName(name: string, { workspace }: PartyOptions): Party | undefined {
  const lower = name.toLowerCase()
  if (lower === 'hq' || lower === workspace?.toLowerCase()) return { kind: 'workspace', name: lower }
  return readUser(name)
}

function readUser(text: string): Party | undefined {
  const match = EMAIL.exec(text)
  if (match === null) return undefined
  const [, user = '', host] = match
  return { kind: 'user', user, ...(host === undefined ? {} : { host }) }
}
