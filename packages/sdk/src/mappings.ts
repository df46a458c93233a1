import { WaybillError } from '@waybill/api'
import { present } from './options.js'
import type { Connection } from './wire/connection.js'
import { isJson } from './wire/values.js'

/** A share that a user mapped to a directory of an own machine. */
export interface Mapping {
  readonly id: string
  /** The machine, by id and by name. */
  readonly client: string
  readonly client_hr: string
  readonly user: string
  readonly user_hr: string
  /** The share, by id and as paths name it: `folder=trailers`. */
  readonly share: string
  readonly share_hr: string
  readonly path: string
  /** Whether others may pull from it, and push to it. */
  readonly read: boolean
  readonly write: boolean
}

export interface MappingOptions {
  /** Id or host name of the machine; of one's own the one that was seen last, when absent. */
  readonly client?: string
  readonly read?: boolean
  readonly write?: boolean
}

/** Shares that users map to directories of their own machines. */
export class Mappings {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** One's own, and those on machines and of shares that one sees. */
  async list(): Promise<readonly Mapping[]> {
    const { result } = await this.#connection.event('GET', 'client/mappings')
    if (!Array.isArray(result) || !result.every((item) => isJson(item)))
      throw new WaybillError('internal', 'The server did not answer with a list of mappings.')
    // What a mapping shows is what the protocol promises.
    return result as unknown as Mapping[]
  }

  /** Maps a share, by code or in the notation of paths, to a directory of an own machine. */
  async put(share: string, path: string, options: MappingOptions = {}): Promise<true> {
    const { read = false, write = false, client } = options
    const data = present({ share, path, read, write, client })
    await this.#connection.event('PUT', 'client/mapping', { data })
    return true
  }

  /** Takes a mapping back; the files stay. */
  async remove(share: string, options: Pick<MappingOptions, 'client'> = {}): Promise<true> {
    await this.#connection.event('DELETE', 'client/mapping', {
      data: present({ share, client: options.client }),
    })
    return true
  }
}
