/** Anything that runs and can say how it is doing. */
export interface Describable {
  describe(): string
}

/** What runs at the moment; its last words belong into every failure. */
export const living = new Set<Describable>()

export function describeLiving(): string {
  return [...living].map((one) => one.describe()).join('\n')
}
