import type { ServerResponse } from 'node:http'
import type { Authenticated } from '../../access/authenticate.js'
import type { Store } from '../../store/store.js'
import type { EndpointLimits } from './limits.js'
import { type Rate, RateGate } from './rate.js'

/** How long a workspace's own rate is taken from memory. Milliseconds. */
const rememberedFor = 5000

/** Holds the requests of each key to the rate of its workspace. */
export class Throttle {
  readonly #gate: RateGate
  readonly #store: Store
  readonly #usual: Rate
  readonly #rates = new Map<string, { readonly rate: Promise<Rate>; readonly until: number }>()

  constructor(store: Store, { requestRate, requestBurst, holdMs }: EndpointLimits) {
    this.#store = store
    this.#usual = { perSecond: requestRate, burst: requestBurst }
    this.#gate = new RateGate(holdMs)
  }

  /** Resolves when the request may go on; rejects with `rate_limited`, also when its client hangs up. */
  async pass({ session, workspace }: Authenticated, response: ServerResponse): Promise<void> {
    const rate = await this.#rateOf(workspace.id)
    const gone = new AbortController()
    const leave = (): void => gone.abort()
    response.once('close', leave)
    await this.#gate.pass(session, rate, gone.signal).finally(() => response.off('close', leave))
  }

  #rateOf(workspace: string): Promise<Rate> {
    const now = performance.now()
    const known = this.#rates.get(workspace)
    if (known !== undefined && known.until > now) return known.rate
    const rate = this.#read(workspace).catch(() => this.#usual)
    this.#rates.set(workspace, { rate, until: now + rememberedFor })
    return rate
  }

  async #read(workspace: string): Promise<Rate> {
    const rows = await this.#store
      .workspace(workspace)
      .db.selectFrom('setting')
      .select(['name', 'value'])
      .where('entity', '=', workspace)
      .where('name', 'in', ['request_rate', 'request_burst'])
      .execute()
    const own = (name: string): number | undefined => {
      const value = Number(rows.find((row) => row.name === name)?.value ?? Number.NaN)
      return value > 0 ? value : undefined
    }
    return {
      perSecond: own('request_rate') ?? this.#usual.perSecond,
      burst: Math.max(1, own('request_burst') ?? this.#usual.burst),
    }
  }
}
