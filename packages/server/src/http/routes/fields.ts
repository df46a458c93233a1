import { WaybillError } from '@waybill/api'
import { isRecord } from '../../entities/engine/input.js'

/**
 * The fields of a payload, read by kind. Null is absent. Fields that nobody asks for are ignored: clients send
 * some that mean nothing here.
 */
export class Payload {
  readonly #data: Readonly<Record<string, unknown>>

  constructor(data: unknown) {
    this.#data = isRecord(data) ? data : {}
  }

  /** Only `true` is true: clients send null and "" for no. */
  isTrue(name: string): boolean {
    return this.#value(name) === true
  }

  isFalse(name: string): boolean {
    return this.#value(name) === false
  }

  raw(name: string): unknown {
    return this.#value(name)
  }

  text(name: string): string | undefined {
    const value = this.#value(name)
    if (value === undefined || typeof value === 'string') return value
    throw new WaybillError('bad_request', `${name} has to be text`)
  }

  /** A number of things; none for absent. */
  count(name: string): number | undefined {
    const value = this.#value(name)
    if (value === undefined) return undefined
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
    throw new WaybillError('bad_request', `${name} has to be a whole number, 0 or more`)
  }

  /** A list of names, also given as one text with commas. */
  names(name: string): readonly string[] | undefined {
    const value = this.#value(name)
    if (value === undefined) return undefined
    const list: unknown[] =
      typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [value]
    return list.map((item) => {
      if (typeof item === 'string') return item.trim()
      throw new WaybillError('bad_request', `${name} has to be a list of names`)
    })
  }

  #value(name: string): unknown {
    const value = Object.hasOwn(this.#data, name) ? this.#data[name] : undefined
    return value === null ? undefined : value
  }
}
