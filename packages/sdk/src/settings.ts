import { present } from './options.js'
import type { Connection } from './wire/connection.js'

/** Where a setting lives: the workspace unless an entity, or a share of any kind, is named. */
export interface SettingScope {
  readonly entityType?: string
  readonly entityId?: string
  /** Id or code of a share. */
  readonly share?: string
}

export interface ReadSettings {
  /** False leaves out what is inherited. */
  readonly upstream?: boolean
  /** True leaves out what nobody set. */
  readonly omitDefaults?: boolean
}

/** A setting of something that lies below what was asked about. */
export interface SettingBelow {
  readonly entitytype: string
  readonly id: string
  readonly name: string
  readonly value: string
}

export interface ChangeSettings {
  /** What lies below loses its own values, so that the change acts there, too. */
  readonly recursive?: boolean
}

/** Settings, which are text and inherited from the workspace downwards. */
export class Settings {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** One setting, or all of a place as an object when no name is given. */
  async get(name?: string, scope: SettingScope = {}, options: ReadSettings = {}): Promise<unknown> {
    return (await this.#connection.event('GET', 'setting', fields(scope, { name, ...reading(options) })))
      .result
  }

  /** What is set on what lies below a place: the first thousand, of one name or of all. */
  async below(name?: string, scope: SettingScope = {}): Promise<readonly SettingBelow[]> {
    const answer = await this.#connection.event('GET', 'setting', fields(scope, { name, recursive: true }))
    return Array.isArray(answer.below) ? answer.below.filter(isSettingBelow) : []
  }

  async set(
    name: string,
    value: string,
    scope: SettingScope = {},
    options: ChangeSettings = {},
  ): Promise<true> {
    await this.#connection.event('PUT', 'setting', fields(scope, { name, value, ...options }))
    return true
  }

  /** Sets several at once, all or none; null takes one back. */
  async setMany(
    values: Readonly<Record<string, string | null>>,
    scope: SettingScope = {},
    options: ChangeSettings = {},
  ): Promise<true> {
    await this.#connection.event('PUT', 'setting', fields(scope, { data: values, ...options }))
    return true
  }

  /** Goes back to what is inherited. */
  async remove(name: string, scope: SettingScope = {}, options: ChangeSettings = {}): Promise<true> {
    await this.#connection.event('DELETE', 'setting', fields(scope, { name, ...options }))
    return true
  }
}

function isSettingBelow(item: unknown): item is SettingBelow {
  if (typeof item !== 'object' || item === null) return false
  const texts: Readonly<Partial<Record<string, unknown>>> = { ...item }
  return ['entitytype', 'id', 'name', 'value'].every((key) => typeof texts[key] === 'string')
}

function reading({ upstream, omitDefaults }: ReadSettings) {
  return { upstream, omit_defaults: omitDefaults }
}

function fields(
  scope: SettingScope,
  data: Readonly<Record<string, unknown>>,
): { id?: string; data: unknown } {
  const { entityType, entityId, share } = scope
  return {
    ...(entityId === undefined ? {} : { id: entityId }),
    data: { entitytype: entityType?.toLowerCase() ?? null, ...present({ ...data, share }) },
  }
}
