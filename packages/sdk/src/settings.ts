import { present } from './options.js'
import type { Connection } from './wire/connection.js'

/** Where a setting lives: the workspace unless an entity is named. */
export interface SettingScope {
  readonly entityType?: string
  readonly entityId?: string
}

/** Settings, which are text and inherited from the workspace downwards. */
export class Settings {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** One setting, or all of a place as an object when no name is given. */
  async get(name?: string, scope: SettingScope = {}): Promise<unknown> {
    return (await this.#connection.event('GET', 'setting', fields(scope, { name }))).result
  }

  async set(name: string, value: string, scope: SettingScope = {}): Promise<true> {
    await this.#connection.event('PUT', 'setting', fields(scope, { name, value }))
    return true
  }

  /** Goes back to what is inherited. */
  async remove(name: string, scope: SettingScope = {}): Promise<true> {
    await this.#connection.event('DELETE', 'setting', fields(scope, { name }))
    return true
  }
}

function fields(
  scope: SettingScope,
  data: Readonly<Record<string, unknown>>,
): { id?: string; data: unknown } {
  const { entityType, entityId } = scope
  return {
    ...(entityId === undefined ? {} : { id: entityId }),
    data: { entitytype: entityType?.toLowerCase() ?? null, ...present(data) },
  }
}
