/** Which entities to look among, and how many. Both spellings of a name are read. */
export interface FindOptions {
  /** Jobs that are done or aborted. */
  readonly finished?: boolean
  /** Users and shares that were set aside. */
  readonly inactive?: boolean
  /** Jobs in the archive; slow. */
  readonly archived?: boolean
  readonly limit?: number
  readonly skip?: number
  /** Attributes to answer with; all when absent. */
  readonly attributes?: readonly string[]
  /** The parent: the job of tasks, the collection of files. */
  readonly entityId?: string
  readonly entityid?: string
}

export interface CreateOptions {
  /** The job that tasks are added to. */
  readonly entityId?: string
  readonly entityid?: string
  /** False refuses what exists already; for jobs and tasks. */
  readonly allowDuplicates?: boolean
  readonly allow_duplicates?: boolean
}

/** Payload of a find, in the names of the wire. */
export function findPayload(options: FindOptions): Record<string, unknown> {
  const { finished, inactive, archived, limit, skip, attributes, entityId, entityid } = options
  return present({ finished, inactive, archived, limit, skip, attributes, parent: entityId ?? entityid })
}

/** The entries that have a value. */
export function present(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
