import { WaybillError } from '@waybill/api'
import { addRecipient, listRecipients, removeRecipient } from '../../../entities/jobs/recipients.js'
import { type Answer, type Call, demandId, type Route } from '../route.js'

/** Who gets to know of a transfer. Deliveries and requests have recipients, too, once they are there. */
export const recipientRoutes: readonly Route[] = ['job', 'transfer', 'delivery', 'request'].flatMap(
  (name): Route[] => [
    {
      method: 'PUT',
      uri: `${name}/recipient/add`,
      about: 'Adds a recipient, an id or email, who sees the job then; an unknown email is invited',
      answer: '`true`',
      example: { id: '$transfer', data: { recipient: 'bob@example.com', invite: true } },
      run: add,
    },
    {
      method: 'GET',
      uri: `${name}/recipients`,
      about: 'Lists the recipients of a job, first the user that it goes to',
      answer: 'list of `{user, user_hr, actioned}`',
      example: { id: '$transfer' },
      run: list,
    },
    {
      method: 'DELETE',
      uri: `${name}/recipient`,
      about: 'Takes a recipient off the list',
      answer: '`true`',
      example: { id: '$transfer', data: { recipient: 'bob@example.com' } },
      run: remove,
    },
  ],
)

async function add(call: Call): Promise<Answer> {
  const job = await jobOf(call)
  await addRecipient(call.ctx, job, recipientOf(call), !call.fields.isFalse('invite'))
  return { result: true }
}

async function list(call: Call): Promise<Answer> {
  return { result: await listRecipients(call.ctx, await jobOf(call)) }
}

async function remove(call: Call): Promise<Answer> {
  await removeRecipient(call.ctx, await jobOf(call), recipientOf(call))
  return { result: true }
}

async function jobOf(call: Call): Promise<string> {
  if (call.type !== 'transfer') {
    throw new WaybillError('not_available', `A ${call.type} is not available yet`)
  }
  const id = demandId(call)
  await call.entities.engine.demand(call.ctx, 'transfer', id)
  return id
}

function recipientOf({ fields }: Call): string {
  const recipient = fields.text('recipient')?.trim()
  if (recipient !== undefined && recipient !== '') return recipient
  throw new WaybillError('bad_request', 'Which recipient? Give an id or an email as recipient')
}
