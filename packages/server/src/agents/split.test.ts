import { maxControlMessage, parseMessage, type SessionTask, toAgent } from '@waybill/api'
import { expect, it } from 'vitest'
import { split } from './split.js'

const ref = { session: 's', lease: 1 }

it('makes several messages of a long list of tasks, in order and whole', () => {
  const tasks = Array.from(
    { length: 3000 },
    (_, index): SessionTask => ({
      index,
      task: `t${index}`,
      location: { root: '/srv', path: 'ü'.repeat(1500) },
      size: 0,
      include: '',
      exclude: '',
    }),
  )
  const texts = split({ type: 'session.tasks', ...ref, tasks })
  expect(texts.length).toBeGreaterThan(1)
  for (const text of texts) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxControlMessage)
  const indexes = texts.flatMap((text) => {
    const message = parseMessage(toAgent, text)
    return message?.type === 'session.tasks' ? message.tasks.map(({ index }) => index) : []
  })
  expect(indexes).toEqual(tasks.map(({ index }) => index))
})

it('refuses what cannot be divided', () => {
  const message = { type: 'session.stop', ...ref, reason: 'x'.repeat(maxControlMessage) } as const
  expect(() => split(message)).toThrow('too long')
})
