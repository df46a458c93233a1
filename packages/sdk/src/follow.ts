import { WaybillError } from '@waybill/api'
import type { Transfer } from './entities/index.js'
import type { Session } from './session.js'

export interface FollowOptions {
  readonly signal?: AbortSignal
  /** Statuses that end it. */
  readonly until?: readonly string[]
  /** How long the server may be away before it is given up, milliseconds. */
  readonly patienceMs?: number
  /** Called each time that the server could not be reached. */
  readonly onInterrupted?: (error: WaybillError) => void
}

const firstPause = 50
const longestPause = 500
const growth = 1.5
/** Seconds of work left, below which it asks often again. */
const soon = 1

/**
 * The job as it is now and then each time that it changed, until it is done, aborted or failed, or the signal
 * says so. Asks often at first, when most jobs start, and near the end; else twice a second. A server that restarts is
 * waited for.
 */
export async function* follow(
  session: Pick<Session, 'getEntity'>,
  job: string,
  options: FollowOptions = {},
): AsyncGenerator<Transfer, void, void> {
  const { signal, until = ['done', 'aborted', 'failed'], patienceMs = 120_000, onInterrupted } = options
  let pause = firstPause
  let last = ''
  let awaySince: number | undefined
  while (signal?.aborted !== true) {
    try {
      const transfer = await session.getEntity('transfer', job)
      awaySince = undefined
      if (transfer === null) throw new WaybillError('not_found', `No transfer has the id ${job}.`)
      const now = JSON.stringify(transfer)
      if (now !== last) yield transfer
      last = now
      if (until.includes(transfer.status)) return
      if (isNearlyDone(transfer)) pause = firstPause
    } catch (thrown) {
      if (!(thrown instanceof WaybillError) || !isPassing(thrown)) throw thrown
      awaySince ??= performance.now()
      if (performance.now() - awaySince > patienceMs) throw thrown
      onInterrupted?.(thrown)
    }
    await sleep(pause, signal)
    pause = Math.min(pause * growth, longestPause)
  }
}

function isNearlyDone({ status, size, progress, speed }: Transfer): boolean {
  const leftMegabytes = (size * (100 - progress)) / 100 / 1e6
  return status === 'running' && speed > 0 && leftMegabytes < speed * soon
}

function isPassing(error: WaybillError): boolean {
  return error.code === 'unreachable' || error.code === 'timeout' || error.code === 'rate_limited'
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done)
  })
}
