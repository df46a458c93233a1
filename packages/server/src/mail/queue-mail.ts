import { newId } from '@waybill/api'
import type { CallContext } from '../context.js'
import type { Tx } from '../store/store.js'

export interface Mail {
  /** An email address. */
  readonly recipient: string
  readonly subject: string
  /** Plain text. `{server}` in it stands for the server's address, which is known when it is sent. */
  readonly body: string
}

/** Puts a mail into the outbox, in the transaction of what it tells of; the sender takes it from there. */
export async function queueMail(
  tx: Tx,
  { workspace, now }: CallContext,
  { recipient, subject, body }: Mail,
): Promise<void> {
  await tx
    .insertInto('mail')
    .values({
      id: newId(now),
      workspace: workspace.id,
      recipient,
      subject,
      body,
      created: now,
      sent: null,
      tries: 0,
      not_before: now,
      problem: '',
    })
    .execute()
}
