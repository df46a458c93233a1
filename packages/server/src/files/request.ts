import { maxPathLength, parseFilters, WaybillError } from '@waybill/api'
import { isRecord } from '../entities/engine/input.js'
import type { Payload } from '../http/routes/fields.js'

/** A path as it was asked for: `given` is what an answer to several repeats. */
export interface AskedPath {
  readonly given: unknown
  readonly text: string
}

export interface AskedPaths {
  readonly paths: readonly AskedPath[]
  /** A list was given, so a list is answered. */
  readonly many: boolean
}

/** What of a directory is to be listed or counted. */
export interface Selection {
  readonly recursive: boolean
  /** Levels to list, from 1. */
  readonly depth: number
  /** Directories get the size of what may be seen beneath them. */
  readonly sizes: boolean
  readonly only: 'all' | 'files' | 'directories'
  readonly include: string
  readonly exclude: string
  /** Of the entries of the directory itself. */
  readonly skip: number
  readonly limit: number | undefined
}

/** Paths of one call: clients ask for several hundred at a time. */
const mostPaths = 10_000
const longestFilter = 100_000

/** Shares and parties as an object may name them. */
const shareKeys = ['share', 'volume', 'folder', 'home', 'collection'] as const
const partyKeys = ['client', 'site', 'user'] as const

/**
 * Reads `path`: text; an object with `path`, beneath the share that one of `share`, `volume`, `folder`, `home`
 * or `collection` names (code or id), at the party that `client`, `site` or `user` names; the source or destination
 * of a task, as it is answered; or a list of these.
 */
export function readPaths(value: unknown): AskedPaths {
  if (!Array.isArray(value)) return { paths: [readPath(value, 'path')], many: false }
  if (value.length > mostPaths) {
    throw new WaybillError('too_large', `path has ${value.length} paths; at most ${mostPaths} go in one call`)
  }
  return { paths: value.map((item: unknown) => readPath(item, 'path')), many: true }
}

export function readPath(value: unknown, field: string): AskedPath {
  if (typeof value === 'string' && value.trim() !== '') return { given: value, text: value }
  if (isRecord(value)) return { given: value, text: textOf(value, field) }
  throw new WaybillError('bad_request', `Which ${field}? Give one such as volume=CODE/directory/file`)
}

function textOf(value: Readonly<Record<string, unknown>>, field: string): string {
  const part = (name: string): string | undefined => {
    const given = value[name] ?? undefined
    if (given === undefined || (typeof given === 'string' && given.length <= maxPathLength)) return given
    throw new WaybillError('bad_request', `${name} of ${field} has to be text`)
  }
  const named = (names: readonly string[]): string | undefined => {
    const [first, second] = names.filter((name) => part(name) !== undefined)
    if (second === undefined) return first === undefined ? undefined : `${first}=${part(first) ?? ''}`
    throw new WaybillError('bad_request', `${field} names a ${first ?? ''} and a ${second}; give one of them`)
  }
  const path = part('path') ?? ''
  const shown = shareOfTask(part('s'), part('v'))
  const share = named(shareKeys) ?? shown
  // The client of a task's end is the server that served the share then: whichever serves it now is asked. Where
  // no share is named it is a machine of its user, who stands beside it.
  const ofTask = share !== undefined && share === shown
  const party = ofTask ? undefined : named(part('client') === undefined ? partyKeys : ['client', 'site'])
  if (path === '' && share === undefined) {
    throw new WaybillError('bad_request', `${field} has no path; give one such as volume=CODE/directory/file`)
  }
  const below = share === undefined ? path : `${share}/${path.replace(/^\/+/, '')}`
  return party === undefined ? below : `${party}:${below}`
}

/** The share as the source or destination of a task shows it: `s`, or `v` where no share but a volume was named. */
function shareOfTask(share: string | undefined, volume: string | undefined): string | undefined {
  if (share !== undefined) return `share=${share}`
  return volume === undefined ? undefined : `volume=${volume}`
}

/** Reads how to list or count. What is not asked for is what clients mean by null. */
export function readSelection(fields: Payload): Selection {
  const [files, directories] = [fields.isTrue('files_only'), fields.isTrue('directories_only')]
  if (files && directories) {
    throw new WaybillError('bad_request', 'files_only and directories_only leave nothing; give one of them')
  }
  const recursive = fields.isTrue('recursive')
  // As with find: one level are the entries of the directory itself.
  const depth = recursive ? Math.max(1, Math.min(fields.count('maxdepth') ?? deepest, deepest)) : 1
  const limit = fields.count('limit')
  return {
    recursive,
    depth,
    sizes: fields.isTrue('getsize'),
    only: files ? 'files' : directories ? 'directories' : 'all',
    include: readFilter(fields.raw('include'), 'include'),
    exclude: readFilter(fields.raw('exclude'), 'exclude'),
    skip: fields.count('skip') ?? 0,
    // No limit is what clients mean by 0.
    limit: limit === 0 ? undefined : limit,
  }
}

const deepest = maxPathLength

/** One filter, several separated by commas, or a list of single ones, in which a comma is part of a name. */
function readFilter(value: unknown, field: string): string {
  if (value === undefined) return ''
  const list: unknown[] = Array.isArray(value) ? value : [value]
  const texts = list.map((item) => {
    if (typeof item !== 'string') {
      throw new WaybillError('bad_request', `${field} has to be a filter such as *.mov, or a list of them`)
    }
    const single = Array.isArray(value) && !/^\s*re\(/i.test(item)
    return single ? item.replaceAll(/(?<!\\),/g, '\\,') : item
  })
  const text = texts.join(',')
  if (text.length > longestFilter) throw new WaybillError('too_large', `${field} is too long`)
  parseFilters(text)
  return text
}
