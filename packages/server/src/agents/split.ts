import { maxControlMessage, type ToAgent, WaybillError } from '@waybill/api'

/**
 * A message as the texts that go over the line. Long lists of tasks become several messages; anything else
 * that is too long throws `too_large`.
 */
export function split(message: ToAgent): string[] {
  const text = JSON.stringify(message)
  // Characters are at most three bytes each, so most messages need not be measured.
  if (text.length * 3 <= maxControlMessage || Buffer.byteLength(text) <= maxControlMessage) return [text]
  if (message.type === 'session.tasks' && message.tasks.length > 1) {
    const half = message.tasks.length >> 1
    return [
      ...split({ ...message, tasks: message.tasks.slice(0, half) }),
      ...split({ ...message, tasks: message.tasks.slice(half) }),
    ]
  }
  if (message.type === 'session.cancel' && message.tasks.length > 1) {
    const half = message.tasks.length >> 1
    return [
      ...split({ ...message, tasks: message.tasks.slice(0, half) }),
      ...split({ ...message, tasks: message.tasks.slice(half) }),
    ]
  }
  throw new WaybillError('too_large', `A message ${message.type} of ${text.length} characters is too long`)
}
