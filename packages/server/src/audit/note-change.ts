import { newId } from '@waybill/api'
import type { CallContext } from '../context.js'
import { writeEvent } from '../jobs/lifecycle/journal.js'
import type { Tx } from '../store/store.js'

type EventChange = Parameters<typeof writeEvent>[5]

/** What is kept of a call's attributes: long values and deep ones would make the log the largest table. */
const longestDetails = 4000

export interface ChangeNote {
  readonly entitytype: string
  readonly id: string
  /** What was done; other words than these three (`disabled`, `revoked`, ...) go with `event`. */
  readonly change: EventChange
  /** The word in the audit log, where `change` says too little: `deactivated`, `granted`, `moved`. */
  readonly as?: string
  /** What was asked for. Never a key, a password or a token. */
  readonly details?: Readonly<Record<string, unknown>>
}

/**
 * Notes who changed what, in the transaction of the change: a line of the audit log, and the event that live
 * views and other parts of the server hear of.
 */
export async function noteChange(tx: Tx, ctx: CallContext, note: ChangeNote): Promise<void> {
  await writeEvent(tx, ctx.workspace.id, ctx.now, note.entitytype, note.id, note.change)
  await writeAudit(tx, ctx, note)
}

/** The line of the audit log alone, for what is no entity or tells of itself otherwise. */
export async function writeAudit(
  tx: Tx,
  { workspace, caller, device, address, now }: Omit<CallContext, 'store'>,
  { entitytype, id, change, as = change, details }: Omit<ChangeNote, 'change'> & { readonly change: string },
): Promise<void> {
  await tx
    .insertInto('audit')
    .values({
      id: newId(now),
      workspace: workspace.id,
      created: now,
      user: caller.user,
      email: caller.email,
      role: caller.role,
      device: device.slice(0, 500),
      address,
      entitytype,
      entity: id,
      change: as,
      details: details === undefined ? null : shortened(details),
    })
    .execute()
}

/** What may hold a secret; hooks carry whatever their makers put there. */
const secretive = /passw|secret|token|api_?key|hooks/i

function shortened(details: Readonly<Record<string, unknown>>): string {
  const json = JSON.stringify(details, (name, value: unknown) =>
    secretive.test(name) ? '(not kept)' : value,
  )
  if (json.length <= longestDetails) return json
  return JSON.stringify({ attributes: Object.keys(details).slice(0, 50), shortened: true })
}
