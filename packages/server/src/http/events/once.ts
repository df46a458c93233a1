import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { WaybillError } from '@waybill/api'
import * as v from 'valibot'
import type { Clock } from '../../context.js'
import { isRecord } from '../../entities/engine/input.js'
import type { Store, WorkspaceStore } from '../../store/store.js'
import { isTransient } from '../failure.js'

/** An answer in whole, as it is kept for a repetition of its event. */
export interface Reply {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  /** It holds a key or token, which is written down nowhere; a repetition is told that it came too late. */
  readonly secret?: true
}

/** Which event it is, and a print of what it asks for. */
export interface EventKey {
  readonly ident: string
  readonly eid: string
  readonly print: string
}

const kept = v.object({ print: v.string(), status: v.number(), body: v.record(v.string(), v.unknown()) })

/** The longest answer that is kept. Bytes; the list of thousands of tasks that were made is longer. */
const longestKept = 256 * 1024

const rememberedFor = 86_400_000
/** How long a repetition waits for the answer to the first, and how often it looks. Milliseconds. */
const patience = 20_000
const lookEvery = 50

/**
 * Acts once per event: a repeated `eid` gets the answer that the first one got, also while the first is still
 * at it, here or in another process. Where the outcome of the first is not known (its process died), the
 * repetition is refused rather than risk acting twice.
 */
export class Once {
  readonly #clock: Clock
  readonly #running = new Map<string, Promise<unknown>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `work` answers with failures, too; it throws nothing. */
  async run(store: WorkspaceStore, key: EventKey, work: () => Promise<Reply>): Promise<Reply> {
    const name = `${store.id} ${key.ident} ${key.eid}`
    // The first of this process is waited for without asking the database again and again.
    const before = this.#running.get(name)
    if (before !== undefined) {
      await before.catch(() => undefined)
      return await this.run(store, key, work)
    }
    const run = this.#claimAndRun(store, key, work)
    this.#running.set(name, run)
    try {
      return await run
    } finally {
      this.#running.delete(name)
    }
  }

  async #claimAndRun(store: WorkspaceStore, key: EventKey, work: () => Promise<Reply>): Promise<Reply> {
    if (!(await this.#claim(store, key))) return await this.#answerOfFirst(store, key)
    const reply = await work()
    if (isTransient(reply)) await this.#forget(store, key)
    else await this.#keep(store, key, reply)
    return reply
  }

  async #claim(store: WorkspaceStore, { ident, eid }: EventKey): Promise<boolean> {
    const claimed = await store.db
      .insertInto('seen_event')
      .values({ workspace: store.id, ident, eid, created: this.#clock.now(), answer: null })
      .onConflict((conflict) => conflict.doNothing())
      .returning('eid')
      .execute()
    return claimed.length > 0
  }

  async #answerOfFirst(store: WorkspaceStore, key: EventKey): Promise<Reply> {
    for (let waited = 0; waited <= patience; waited += lookEvery) {
      const row = await store.db
        .selectFrom('seen_event')
        .select('answer')
        .where('ident', '=', key.ident)
        .where('eid', '=', key.eid)
        .executeTakeFirst()
      if (row?.answer !== null && row?.answer !== undefined) return replay(row.answer, key)
      await delay(lookEvery)
    }
    throw new WaybillError(
      'conflict',
      'This event was sent before, and what became of it is not known; look before sending it anew',
    )
  }

  async #keep(store: WorkspaceStore, { ident, eid, print }: EventKey, reply: Reply): Promise<void> {
    await store.db
      .updateTable('seen_event')
      .set({ answer: keptText(print, reply) })
      .where('ident', '=', ident)
      .where('eid', '=', eid)
      .execute()
  }

  async #forget(store: WorkspaceStore, { ident, eid }: EventKey): Promise<void> {
    await store.db.deleteFrom('seen_event').where('ident', '=', ident).where('eid', '=', eid).execute()
  }
}

const shownOnce: Reply = {
  status: 409,
  body: { message: 'This event was answered with a secret, which is shown once; ask anew', code: 'conflict' },
}

const tooLong: Reply = {
  status: 409,
  body: {
    message: 'This event was acted on, and its answer was too long to be kept; look',
    code: 'conflict',
  },
}

/** An answer as it is kept: of long lists the ids alone, of what is longer still that there was one. */
function keptText(print: string, reply: Reply): string {
  const text = ({ status, body }: Reply): string => JSON.stringify({ print, status, body })
  const whole = text(reply.secret === true ? shownOnce : reply)
  if (whole.length <= longestKept) return whole
  const { result }: Readonly<Record<string, unknown>> = reply.body
  const ids = Array.isArray(result) ? result.map(idAlone) : undefined
  const short = ids === undefined ? undefined : text({ status: reply.status, body: { result: ids } })
  return short !== undefined && short.length <= longestKept ? short : text(tooLong)
}

function idAlone(item: unknown): unknown {
  return isRecord(item) ? { id: item.id } : item
}

function replay(answer: string, key: EventKey): Reply {
  const { print, status, body } = v.parse(kept, JSON.parse(answer))
  if (print === key.print) return { status, body }
  throw new WaybillError('conflict', 'The eid of this event was used for another event before')
}

/** A short print of what an event asks for, to tell a repetition from an `eid` that was used twice. */
export function printOf(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22)
}

/** Forgets events of more than a day ago, in all workspaces. */
export async function purgeSeenEvents(store: Store, now: number): Promise<void> {
  await store.installation
    .deleteFrom('seen_event')
    .where('created', '<', now - rememberedFor)
    .execute()
}
