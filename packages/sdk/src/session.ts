import { isEntityId, WaybillError } from '@waybill/api'
import { Account } from './account.js'
import type { Entity, EntityOf, Found, Transfer } from './entities/index.js'
import {
  type FileEntry,
  type FilePath,
  type FileResult,
  Files,
  type ListOptions,
  oneOrMany,
  readBoolean,
  readEntries,
  readNumber,
  type SizeOptions,
} from './files.js'
import { type FollowOptions, follow } from './follow.js'
import { Journal } from './journal.js'
import { type ManifestFile, readManifest } from './manifest.js'
import { Mappings } from './mappings.js'
import { type CreateOptions, type FindOptions, findPayload, present } from './options.js'
import { type PreviewPage, readPreview } from './preview.js'
import { Settings } from './settings.js'
import { Shares } from './shares.js'
import { Connection, type Login, type SessionOptions } from './wire/connection.js'
import { splitQuery } from './wire/query-text.js'
import { isJson, type Json, toWire } from './wire/values.js'

/** What adding tasks as bare paths answers with. */
export interface Success {
  readonly success: true
}

/** One user in one workspace. Every method rejects with a WaybillError: a code and the server's words. */
export class Session {
  readonly account: Account
  readonly settings: Settings
  readonly shares: Shares
  readonly mappings: Mappings
  readonly journal: Journal
  readonly #connection: Connection
  readonly #files: Files

  /** Does not talk to the server yet; the first call logs in. */
  constructor(options: SessionOptions) {
    this.#connection = new Connection(options)
    this.#files = new Files(this.#connection)
    this.account = new Account(this.#connection)
    this.settings = new Settings(this.#connection)
    this.shares = new Shares(this.#connection, this)
    this.mappings = new Mappings(this.#connection)
    this.journal = new Journal(this.#connection)
  }

  /** A session whose credentials were accepted. */
  static async login(options: SessionOptions): Promise<Session> {
    const session = new Session(options)
    await session.login()
    return session
  }

  /** Id and role of the user. */
  login(): Promise<Login> {
    return this.#connection.login()
  }

  /** Address of the server, without a path. */
  get server(): string {
    return this.#connection.server
  }

  /** Entities that a query finds: `Transfer WHERE status=running`. Live ones unless the options say otherwise. */
  async find<const Q extends string>(query: Q, options: FindOptions = {}): Promise<Found<Q>[]> {
    return this.#find<Found<Q>>(query, findPayload(options))
  }

  /** The first that a query finds, among live and then among finished jobs; null when there is none. */
  async findOne<const Q extends string>(query: Q, options: FindOptions = {}): Promise<Found<Q> | null> {
    const [first] = await this.#find<Found<Q>>(query, { ...findPayload(options), single_entity_query: true })
    return first ?? null
  }

  /** The entity with an id, whatever its state; null when there is none that the user may read. */
  async getEntity<T extends string>(
    type: T,
    id: string,
    options: FindOptions = {},
  ): Promise<EntityOf<T> | null> {
    const { result } = await this.#connection.event('GET', `${uriType(type)}/find`, {
      id,
      data: findPayload(options),
    })
    return list<EntityOf<T>>(result)[0] ?? null
  }

  /**
   * Makes an entity. Tasks name their job as third argument; bare paths answer with `{success: true}`, several
   * tasks with a list.
   */
  create(type: 'Task' | 'task', data: Json, options: string | CreateOptions): Promise<CreatedTasks>
  create<T extends string>(type: T, data: Json, options?: string | CreateOptions): Promise<EntityOf<T>>
  async create(type: string, data: Json, options: string | CreateOptions = {}): Promise<unknown> {
    const { entityId, entityid, allowDuplicates, allow_duplicates }: CreateOptions =
      typeof options === 'string' ? { entityId: options } : options
    const parent = entityId ?? entityid
    const answer = await this.#connection.event('POST', `${uriType(type)}/create`, {
      ...(parent === undefined ? {} : { id: parent }),
      data: { ...data, ...present({ allow_duplicates: allowDuplicates ?? allow_duplicates }) },
    })
    if (answer.success === true && !('result' in answer)) return { success: true }
    const made = list<Entity>(answer.result)
    return made.length === 1 ? made[0] : made
  }

  /** Changes an entity; answers with it. */
  async update<T extends string>(type: T, id: string, data: Json): Promise<EntityOf<T>> {
    const { result } = await this.#connection.event('PUT', `${uriType(type)}/edit`, { id, data })
    const [changed] = list<EntityOf<T>>(result)
    if (changed === undefined)
      throw new WaybillError('internal', 'The server did not answer with the entity.')
    return changed
  }

  /** Changes tasks of a job, each named by `id` or `uri`; answers with the changed ones. */
  async updateMany(
    type: 'Task' | 'task',
    job: string,
    changes: readonly Json[],
  ): Promise<EntityOf<'task'>[]> {
    const { result } = await this.#connection.event('PUT', `${uriType(type)}/edit`, {
      id: job,
      data: changes,
    })
    return list(result)
  }

  async deleteOne(type: string, id: string, options: { readonly force?: boolean } = {}): Promise<true> {
    await this.#connection.event('DELETE', `${uriType(type)}/delete`, { id, data: present({ ...options }) })
    return true
  }

  /** Sets a user or share aside, with all that hangs on it. */
  async deactivate(type: string, id: string): Promise<true> {
    await this.#connection.event('DELETE', `${uriType(type)}/deactivate`, { id, data: {} })
    return true
  }

  /** Brings back what was set aside, by id or code. */
  async activate(type: string, idOrCode: string): Promise<true> {
    const which = isEntityId(idOrCode) ? { id: idOrCode } : { query: idOrCode }
    await this.#connection.event('POST', `${uriType(type)}/activate`, { ...which, data: {} })
    return true
  }

  /**
   * Lists a directory in the order of names; a file lists itself. Several paths answer with a list of
   * `{path, result}`. Rejects with `not_found` for what is not there or not the caller's.
   */
  ls(path: FilePath, options?: ListOptions): Promise<FileEntry[]>
  ls(paths: readonly FilePath[], options?: ListOptions): Promise<FileResult<FileEntry[]>[]>
  async ls(path: FilePath | readonly FilePath[], options: ListOptions = {}): Promise<unknown> {
    return oneOrMany(path, await this.#files.look('ls', path, { ...options }), readEntries)
  }

  /** Bytes of a file, or of all files beneath a directory that the caller may see. */
  getsize(path: FilePath, options?: SizeOptions): Promise<number>
  getsize(paths: readonly FilePath[], options?: SizeOptions): Promise<FileResult<number>[]>
  async getsize(path: FilePath | readonly FilePath[], options: SizeOptions = {}): Promise<unknown> {
    return oneOrMany(path, await this.#files.look('getsize', path, { ...options }), readNumber)
  }

  /** Whether something is there. Rejects where the caller may not look. */
  exists(path: FilePath): Promise<boolean>
  exists(paths: readonly FilePath[]): Promise<FileResult<boolean>[]>
  async exists(path: FilePath | readonly FilePath[]): Promise<unknown> {
    return oneOrMany(path, await this.#files.look('exists', path), readBoolean)
  }

  /** Makes directories, with those above them; those that are there already stay as they are. */
  mkdir(path: FilePath | readonly FilePath[]): Promise<true> {
    return this.#files.change('POST', { op: 'mkdir', path })
  }

  /** Gives a file or directory another name in its directory; both paths are written in full. */
  rename(path: FilePath, pathTo: FilePath): Promise<true> {
    return this.#files.change('PUT', { op: 'rename', path, path_to: pathTo })
  }

  /** Moves within a volume: to a new name, or into a directory where `pathTo` ends in a slash. */
  move(path: FilePath, pathTo: FilePath): Promise<true> {
    return this.#files.change('PUT', { op: 'move', path, path_to: pathTo })
  }

  /** The same as `move`. */
  mv(path: FilePath, pathTo: FilePath): Promise<true> {
    return this.move(path, pathTo)
  }

  /** Deletes files and directories; those that are not empty only with `force`. */
  rm(
    path: FilePath | readonly FilePath[],
    { force = false }: { readonly force?: boolean } = {},
  ): Promise<true> {
    return this.#files.change('POST', { op: 'delete', path, force })
  }

  /** An entity, or anything else, as readable text. */
  dump(entity: unknown): string {
    return JSON.stringify(toWire(entity), null, 4)
  }

  /** Jobs whose files wait for the user to choose a place for them. */
  async pending(): Promise<Transfer[]> {
    return list((await this.#connection.event('GET', 'transfer/pending')).result)
  }

  /**
   * Chooses where files that were sent to the user go: a directory of an own machine (`client`: id or host name), for
   * all tasks without a place or for those named by id or uri. Answers with the job.
   */
  async receive(
    job: string,
    path: string,
    options: { readonly client?: string; readonly tasks?: readonly string[] } = {},
  ): Promise<Transfer> {
    const data = present({ path, ...options })
    const { result } = await this.#connection.event('PUT', 'transfer/receive', { id: job, data })
    const [changed] = list<Transfer>(result)
    if (changed === undefined) throw new WaybillError('internal', 'The server did not answer with the job.')
    return changed
  }

  /** The log of a job. */
  async log(job: string): Promise<string> {
    const answer = await this.#connection.event('GET', 'transfer/report', { id: job, data: {} })
    const report = answer.report ?? (isJson(answer.result) ? answer.result.report : undefined)
    if (typeof report !== 'string') throw new WaybillError('internal', 'The server answered without a log.')
    return report
  }

  /** The files that a job brought to its destination or found there, with their checksums, a page at a time. */
  manifest(job: string): AsyncGenerator<readonly ManifestFile[], void, void> {
    return readManifest(this.#connection, job)
  }

  /** What a dry run found, a page at a time. */
  preview(job: string): AsyncGenerator<PreviewPage, void, void> {
    return readPreview(this.#connection, job)
  }

  /** The job each time that it changed, until it is done, aborted or failed. See `follow`. */
  follow(job: string, options?: FollowOptions): AsyncGenerator<Transfer, void, void> {
    return follow(this, job, options)
  }

  /** Names of the attributes that the user may read, or give at creation, or change later. */
  async attributes(
    type: string,
    options: { readonly create?: boolean; readonly update?: boolean } = {},
  ): Promise<string[]> {
    const { create = false, update = false } = options
    const { result } = await this.#connection.event('GET', 'attributes', {
      data: { entitytype: type.toLowerCase(), create, update },
    })
    return texts(result)
  }

  /** Names of the entity types that the user may see. */
  async entityTypes(): Promise<string[]> {
    return texts((await this.#connection.event('GET', 'entitytypes')).result)
  }

  /** Closes idle connections. */
  close(): void {
    this.#connection.close()
  }

  async #find<T extends Entity>(query: string, data: Json): Promise<T[]> {
    const { type, expression } = splitQuery(query)
    // The rights of shares are the one type whose whole query travels.
    const text = type.toLowerCase() === 'acl' ? query : expression
    const { result } = await this.#connection.event('GET', `${uriType(type)}/find`, {
      ...(text === undefined ? {} : { query: text }),
      data,
    })
    return list<T>(result)
  }
}

export type CreatedTasks = EntityOf<'task'> | EntityOf<'task'>[] | Success

function uriType(type: string): string {
  if (!/^[a-z_]+$/i.test(type))
    throw new WaybillError('unknown_entity', `No type of entity is called "${type}".`)
  return type.toLowerCase()
}

function list<T extends Entity>(result: unknown): T[] {
  if (!Array.isArray(result) || !result.every((item) => isJson(item)))
    throw new WaybillError('internal', 'The server did not answer with a list of entities.')
  // The attributes of each type are what the protocol promises; checking each here would only break a
  // program when a server adds or narrows one.
  return result as unknown as T[]
}

function texts(result: unknown): string[] {
  if (!Array.isArray(result)) throw new WaybillError('internal', 'The server did not answer with a list.')
  return result.map(String)
}
