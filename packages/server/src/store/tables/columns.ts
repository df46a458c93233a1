/** Moments are milliseconds since 1970 (UTC), flags 0 or 1, JSON is text: the same on SQLite and PostgreSQL. */
export type Flag = 0 | 1
export type Moment = number
export type Json = string

/** Columns that most entities have. `creator` and `modifier` are emails. */
export interface EntityColumns {
  id: string
  workspace: string
  code: string
  name: string
  description: string
  metadata: Json | null
  created: Moment
  creator: string
  modified: Moment
  modifier: string
}
