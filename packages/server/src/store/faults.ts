import { WaybillError } from '@waybill/api'

/** What a unique index refused. */
export interface UniqueViolation {
  readonly table: string
  readonly columns: readonly string[]
}

/**
 * The unique index that refused a change, whichever database it was; undefined for every other error.
 * Takes what the store threw (a WaybillError whose cause is the database's own error) or that error itself.
 */
export function uniqueViolation(error: unknown): UniqueViolation | undefined {
  const fault = databaseError(error)
  if (fault === undefined) return undefined
  // SQLite: "UNIQUE constraint failed: task.workspace, task.uri"
  const failed = /^UNIQUE constraint failed: (.+)$/.exec(fault.message)?.[1]
  if (failed !== undefined) {
    const names = failed.split(', ').map((name) => name.split('.'))
    return { table: names[0]?.[0] ?? '', columns: names.map((name) => name[1] ?? '') }
  }
  if (fault.code !== '23505') return undefined
  // PostgreSQL, in any language: "Key (workspace, uri)=(..., ...) ..."
  const columns = /\(([^()]*)\)=\(/.exec(textOf(fault, 'detail'))?.[1] ?? ''
  return {
    table: textOf(fault, 'table'),
    columns: columns.split(', ').map((name) => name.replaceAll('"', '')),
  }
}

/** Whether two transactions collided, and one of them has to run again. */
export function isCollision(error: unknown): boolean {
  const code = databaseError(error)?.code
  // serialization_failure, deadlock_detected
  return code === '40001' || code === '40P01'
}

/**
 * What callers see of a database's error: `duplicate` for a unique index, `conflict` for a row that others
 * still refer to, `bad_request` for text that cannot be stored, `timeout`; anything else as it is. The
 * database's own error is the cause.
 */
export function toStoreError(error: unknown): unknown {
  const fault = databaseError(error)
  if (error instanceof WaybillError || fault === undefined) return error
  const violation = uniqueViolation(fault)
  if (violation !== undefined) {
    const columns = violation.columns.filter((column) => column !== 'workspace').join(', ')
    return new WaybillError('duplicate', `There is a ${violation.table} with the same ${columns} already`, {
      cause: error,
    })
  }
  if (fault.code === '23503' || fault.message === 'FOREIGN KEY constraint failed') {
    return new WaybillError('conflict', 'It refers to something that does not exist, or is referred to', {
      cause: error,
    })
  }
  if (fault.code === '22021' || fault.code === '22P05' || fault.name === 'NulInText') {
    return new WaybillError('bad_request', 'Text must not contain NUL characters', { cause: error })
  }
  if (fault.code === '57014') {
    return new WaybillError('timeout', 'The database took too long for the query', { cause: error })
  }
  return error
}

interface DatabaseError extends Error {
  readonly code?: unknown
}

function databaseError(error: unknown): DatabaseError | undefined {
  const fault = error instanceof WaybillError ? error.cause : error
  return fault instanceof Error ? fault : undefined
}

function textOf(error: Error, name: string): string {
  const value: unknown = Object.getOwnPropertyDescriptor(error, name)?.value
  return typeof value === 'string' ? value : ''
}
