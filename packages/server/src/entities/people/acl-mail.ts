import type { Grant } from '../../access/grants.js'
import type { CallContext } from '../../context.js'
import { queueMail } from '../../mail/queue-mail.js'
import type { Tx } from '../../store/store.js'

/** Tells a user what was shared; in the transaction that grants it. */
export async function mailGrant(
  tx: Tx,
  ctx: CallContext,
  recipient: string,
  share: { readonly kind: string; readonly code: string; readonly name: string },
  { path, read, write }: Grant,
  message: string,
): Promise<void> {
  const name = share.name === '' ? share.code : share.name
  const rights = read && write ? 'read and write' : read ? 'read' : 'write to'
  const own =
    message.trim() === ''
      ? []
      : [
          '',
          ...message
            .trim()
            .split('\n')
            .map((line) => `> ${line}`),
        ]
  await queueMail(tx, ctx, {
    recipient,
    subject: `${ctx.caller.email} shares ${name} with you`.replaceAll(/[\r\n]+/g, ' '),
    body: [
      `${ctx.caller.email} lets you ${rights} the ${share.kind} "${name}" in the workspace "${ctx.workspace.code}"` +
        `${path === '/' ? '' : `, beneath ${path}`}.`,
      ...own,
      '',
      `In paths it is written ${share.kind}=${share.code}${path}`,
      '',
    ].join('\n'),
  })
}
