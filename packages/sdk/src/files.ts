import { WaybillError } from '@waybill/api'
import { present } from './options.js'
import type { Connection } from './wire/connection.js'
import { isJson, type Json } from './wire/values.js'

/**
 * A path in any notation (`volume=storage/show`, `~/in`, `/mnt/storage/show`, `site=paris:volume=storage/show`,
 * `client=ID:/Users/lisa`), or an object with the `path` beneath a share and the party it is at.
 */
export type FilePath =
  | string
  | {
      readonly path?: string
      readonly share?: string
      readonly volume?: string
      readonly folder?: string
      readonly home?: string
      readonly collection?: string
      readonly client?: string
      readonly site?: string
      readonly user?: string
    }

/** One entry of a listing. */
export interface FileEntry {
  /** 0 a directory, 1 a file. */
  readonly type: 0 | 1
  readonly filename: string
  /** Bytes; of a directory 0 unless `getsize` was asked for. */
  readonly size: number
  readonly modified: Date
  /** What is in a directory, in recursive listings. */
  readonly files?: readonly FileEntry[]
}

export interface SizeOptions {
  /** Filters: `*.mov`, `word`, `start*end`, `re('...')`; several with commas or as a list. Include wins. */
  readonly include?: string | readonly string[]
  readonly exclude?: string | readonly string[]
}

export interface ListOptions extends SizeOptions {
  readonly recursive?: boolean
  /** Levels of a recursive listing; 1 are the entries of the directory itself. */
  readonly maxdepth?: number
  /** Count what is in directories, too. */
  readonly getsize?: boolean
  readonly files_only?: boolean
  readonly directories_only?: boolean
  /** Of the entries of the directory itself, which come in the order of their names. */
  readonly limit?: number
  readonly skip?: number
}

/** What is answered to one of several paths, which is repeated as it was given. */
export interface FileResult<T> {
  readonly path: FilePath
  readonly result: T
}

/** Calls about files. Only what the caller may see is in any answer. */
export class Files {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async look(op: 'ls' | 'getsize' | 'exists', path: FilePath | readonly FilePath[], options: Json = {}) {
    const data = present({ op, path, ...options })
    return (await this.#connection.event('GET', 'workspace/file', { data })).result
  }

  async change(method: 'POST' | 'PUT', data: Json): Promise<true> {
    await this.#connection.event(method, 'workspace/file', { data: present(data) })
    return true
  }
}

/** A result for one path or several, each checked to be what was asked for. */
export function oneOrMany<T>(
  path: FilePath | readonly FilePath[],
  result: unknown,
  read: (value: unknown) => T,
): T | FileResult<T>[] {
  if (!isMany(path)) return read(result)
  if (!Array.isArray(result)) throw noAnswer()
  return result.map((item: unknown, index) => {
    const given = path[index]
    if (!isJson(item) || given === undefined) throw noAnswer()
    return { path: given, result: read(item.result) }
  })
}

export function readEntries(value: unknown): FileEntry[] {
  if (Array.isArray(value) && value.every((item) => isJson(item))) {
    // What an entry has is what the protocol promises.
    return value as unknown as FileEntry[]
  }
  throw noAnswer()
}

export function readNumber(value: unknown): number {
  if (typeof value === 'number') return value
  throw noAnswer()
}

export function readBoolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw noAnswer()
}

function isMany(path: FilePath | readonly FilePath[]): path is readonly FilePath[] {
  return Array.isArray(path)
}

function noAnswer(): WaybillError {
  return new WaybillError('internal', 'The server did not answer what was asked about files.')
}
