/** What every entity has. Attributes that are not described here are read as unknown. */
export interface Entity {
  readonly id: string
  readonly [attribute: string]: unknown
}
