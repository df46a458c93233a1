import type { FileRequestName, RequestArgs } from '@waybill/api'

/** What the main thread asks of the thread of one root. Ours alone, so it is typed, not checked. */
export type ToFileThread = {
  [N in FileRequestName]: {
    readonly id: number
    readonly name: N
    readonly args: RequestArgs<N>
    /** When it was asked, and until when an answer is waited for: moments as `clock` tells them. */
    readonly until: number
  }
}[FileRequestName]

export type FromFileThread =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly code: string; readonly message: string }

/** Milliseconds on a clock that all threads share and nobody sets. */
export function clock(): number {
  return performance.timeOrigin + performance.now()
}
