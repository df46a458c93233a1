import { WaybillError } from '@waybill/api'
import type { CallContext } from '../../context.js'
import type { Flag } from '../../store/schema.js'
import type { Tx } from '../../store/store.js'
import type { Input } from '../operations.js'

/**
 * Checked input as columns take it. What is absent in the input is absent in the result, so that a change
 * leaves it alone; the engine has checked the types of the values before.
 */

/** `name` and `description`, and `metadata` as JSON text. */
export function describedColumns(input: Input) {
  return {
    ...(input.name === undefined ? {} : { name: textOf(input, 'name') }),
    ...(input.description === undefined ? {} : { description: textOf(input, 'description') }),
    ...(input.metadata === undefined ? {} : { metadata: jsonOf(input, 'metadata') }),
  }
}

/** Empty text for what is null or absent. */
export function textOf(input: Input, name: string): string {
  const value = input[name]
  return typeof value === 'string' ? value : ''
}

/** JSON text of an object; null for null. */
export function jsonOf(input: Input, name: string): string | null {
  const value = input[name]
  if (value === null || value === undefined) return null
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new WaybillError('bad_request', `${name} has to be an object`)
  }
  return JSON.stringify(value)
}

export function flag(value: unknown): Flag {
  return value === true ? 1 : 0
}

export function madeBy({ caller, now }: CallContext) {
  return { created: now, creator: caller.email, ...changedBy({ caller, now }) }
}

export function changedBy({ caller, now }: Pick<CallContext, 'caller' | 'now'>) {
  return { modified: now, modifier: caller.email }
}

/** The id of a queue that was given by its id, its code or as `queue:<id>`; null for none. */
export async function queueId(tx: Tx, value: unknown): Promise<string | null> {
  if (typeof value !== 'string' || value === '') return null
  const name = value.replace(/^queue:/, '').toLowerCase()
  const queue = await tx
    .selectFrom('job')
    .select('id')
    .where('kind', '=', 'queue')
    .where((eb) => eb.or([eb('id', '=', name), eb('code', '=', name)]))
    .executeTakeFirst()
  if (queue === undefined) throw new WaybillError('not_found', `There is no queue "${value}"`)
  return queue.id
}
