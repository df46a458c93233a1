import type { CallContext } from '../context.js'

/** Attributes as the client sent them, names and roles already checked against the entity's definition. */
export type Input = Readonly<Record<string, unknown>>

/**
 * What a type of entity does when it is created, changed or deleted. Every operation checks the caller's
 * rights itself, in the transaction that changes the data. Ids of entities that the caller may not see are
 * `not_found`. What is absent here is refused by the engine with a message.
 */
export interface EntityOperations {
  /** Answers with the ids of what was made (or, for tasks, added and retried). */
  create?(ctx: CallContext, input: Input, options: CreateOptions): Promise<CreateAnswer>
  update?(ctx: CallContext, id: string, changes: Input): Promise<void>
  remove?(ctx: CallContext, id: string, options: { readonly force: boolean }): Promise<void>
}

export interface CreateOptions {
  /** The id in the envelope: the job that tasks are added to. */
  readonly parent: string | undefined
  /** False refuses what exists already; for jobs and tasks. */
  readonly allowDuplicates: boolean
}

/** `success`: the call answers `{"success": true}` and nothing else. */
export type CreateAnswer = { readonly ids: readonly string[] } | { readonly success: true }
