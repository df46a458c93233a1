import type { FileRequestName, RequestArgs, RequestResult } from '@waybill/api'
import type { TrashRequests } from './trash.js'

/** What the thread of a root can be asked: what the control plane may, and what only the agent itself does. */
type DeskRequests = {
  readonly [N in FileRequestName]: { readonly args: RequestArgs<N>; readonly result: RequestResult<N> }
} & TrashRequests
export type DeskRequestName = keyof DeskRequests
export type DeskArgs<N extends DeskRequestName> = DeskRequests[N]['args']
export type DeskResult<N extends DeskRequestName> = DeskRequests[N]['result']

/** What the main thread asks of the thread of one root. Ours alone, so it is typed, not checked. */
export type ToFileThread = {
  [N in DeskRequestName]: {
    readonly id: number
    readonly name: N
    readonly args: DeskArgs<N>
    /** When it was asked, and until when an answer is waited for: moments as `clock` tells them. */
    readonly until: number
  }
}[DeskRequestName]

export type FromFileThread =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly code: string; readonly message: string }

/** Milliseconds on a clock that all threads share and nobody sets. */
export function clock(): number {
  return performance.timeOrigin + performance.now()
}
