import * as v from 'valibot'

/**
 * One side of a task as clients read it (transfers.txt), stored as JSON in `task.source` and
 * `task.destination`; keys that do not apply are absent.
 */
export const taskParty = v.object({
  client: v.optional(v.string()),
  /** Absolute where no share is involved, else relative to the share. Absent until the receiver chooses. */
  path: v.optional(v.string()),
  /** Absolute on the client's machine; set when the task is dispatched. */
  path_abs_final: v.optional(v.string()),
  /** Volume, and the share that was named when it is not the volume itself. */
  v: v.optional(v.string()),
  s: v.optional(v.string()),
  user: v.optional(v.string()),
  site: v.optional(v.string()),
})
export type TaskParty = v.InferOutput<typeof taskParty>

export function readTaskParty(json: string): TaskParty {
  return v.parse(taskParty, JSON.parse(json))
}
