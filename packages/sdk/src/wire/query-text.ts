import { WaybillError } from '@waybill/api'

const QUERY = /^\s*([A-Za-z_]+)(?:\s+WHERE\s+(\S[\s\S]*))?\s*$/i

export interface QueryText {
  /** As it was written, in any case. */
  readonly type: string
  /** What stands after WHERE, unchanged; the server reads it. */
  readonly expression: string | undefined
}

/** Splits `Transfer WHERE status=running`. Throws `bad_query` when it has another form. */
export function splitQuery(query: string): QueryText {
  const match = QUERY.exec(query)
  const type = match?.[1]
  if (type === undefined)
    throw new WaybillError(
      'bad_query',
      `A query is an entity type, or ENTITYTYPE WHERE EXPRESSION, like "Transfer WHERE status=running"; got: ${query}`,
    )
  return { type, expression: match?.[2]?.trimEnd() }
}
