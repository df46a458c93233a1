import { setImmediate as turn } from 'node:timers/promises'
import type { FromAgent, OpenResult, ToAgent } from '@waybill/api'
import { beforeEach, describe, expect, it } from 'vitest'
import { type SessionMessage, Sessions, sessionsTiming } from './sessions.js'
import { IdleEngine, testResult, testSpec } from './testing.js'

let engine: IdleEngine
let sessions: Sessions
let sent: FromAgent[]

beforeEach(() => {
  sessions = new Sessions(
    (events) => {
      engine = new IdleEngine(events)
      return engine
    },
    () => undefined,
    { ...sessionsTiming, replace: 60_000 },
  )
  sent = []
  attach()
})

function attach(drop: { session: string; lease: number }[] = []): void {
  sessions.attach((message) => sent.push(message) > 0, drop)
}

function tell(type: 'finish' | 'stop' | 'rate' | 'tasks', session: string, lease: number): void {
  const tasks = [1, 2].map((index) => {
    const location = { root: null, path: '/x' }
    return { index, task: `t${index}`, location, size: 0, include: '', exclude: '' }
  })
  const all: Record<typeof type, SessionMessage> = {
    finish: { type: 'session.finish', session, lease },
    stop: { type: 'session.stop', session, lease, reason: 'enough' },
    rate: { type: 'session.rate', session, lease, rate: 5 },
    tasks: { type: 'session.tasks', session, lease, tasks },
  }
  sessions.handle(all[type])
}

function ack(report: FromAgent | undefined): void {
  if (report?.type !== 'session.results' && report?.type !== 'session.ended') throw new Error('no report')
  const { session, lease, seq } = report
  sessions.handle({ type: 'ack', session, lease, seq } satisfies ToAgent)
}

/** Lets promises and what is set for the next turn come through. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await turn()
}

describe('leases', () => {
  it('opens a session once, however often it is asked', async () => {
    const both = await Promise.all([sessions.open(testSpec('a', 1)), sessions.open(testSpec('a', 1))])
    expect(both[0]).toEqual(both[1])
    expect(engine.calls).toEqual(['open a'])
  })

  it('stops an older run of the job before it begins a later one, and refuses older ones', async () => {
    engine.obedient = false
    await sessions.open(testSpec('a', 1))
    await sessions.open(testSpec('other', 1, 'another job'))
    const later = sessions.open(testSpec('b', 2))
    await settle()
    // Both would write to the same files.
    expect(engine.calls).toEqual(['open a', 'open other', 'stop a'])
    engine.end('a', 'stopped')
    await later
    expect(engine.calls.at(-1)).toBe('open b')
    await expect(sessions.open(testSpec('late', 1))).rejects.toMatchObject({ code: 'conflict' })
    await expect(sessions.open(testSpec('a', 1))).rejects.toMatchObject({ code: 'conflict' })
    // Nobody wants to hear of the older run.
    expect(sent).toEqual([])
    expect(sessions.list().map(({ session }) => session)).toEqual(['other', 'b'])
  })

  it('ignores messages with another lease', async () => {
    await sessions.open(testSpec('a', 2))
    for (const type of ['tasks', 'finish', 'stop', 'rate'] as const) tell(type, 'a', 1)
    await settle()
    expect(engine.calls).toEqual(['open a'])
  })
})

describe('order', () => {
  it('holds messages back until the session is open', async () => {
    let open: (result: OpenResult) => void = () => undefined
    engine.opening = () =>
      new Promise((resolve) => {
        open = resolve
      })
    const opened = sessions.open(testSpec('a', 1))
    for (const type of ['rate', 'tasks', 'finish'] as const) tell(type, 'a', 1)
    await settle()
    expect(engine.calls).toEqual(['open a'])
    open({ port: 1, cipher: null })
    await opened
    await settle()
    expect(engine.calls).toEqual(['open a', 'rate a 5', 'tasks a t1,t2', 'finish a'])
  })

  it('stops a session that is still being opened', async () => {
    let fail: (error: Error) => void = () => undefined
    engine.opening = () =>
      new Promise((_resolve, reject) => {
        fail = reject
      })
    const opened = sessions.open(testSpec('a', 1))
    opened.catch(() => undefined)
    await settle()
    tell('stop', 'a', 1)
    expect(engine.calls).toEqual(['open a', 'stop a'])
    fail(new Error('stopped'))
    await expect(opened).rejects.toThrow('stopped')
    expect(sessions.list()).toEqual([])
  })

  it('tells of a failure to open by the answer alone', async () => {
    engine.opening = (spec) => {
      engine.events.ended(spec.session, { reason: 'unreachable', code: null, message: null, cipher: null })
      return Promise.reject(new Error('no way'))
    }
    await expect(sessions.open(testSpec('a', 1))).rejects.toThrow('no way')
    await settle()
    expect(sent).toEqual([])
    expect(sessions.list()).toEqual([])
  })
})

describe('reports', () => {
  it('go again over the next line until they are acknowledged', async () => {
    await sessions.open(testSpec('a', 1))
    sessions.detach()
    engine.events.results('a', [testResult('t1')])
    engine.end('a')
    await settle()
    expect(sent).toEqual([])
    expect(sessions.list()).toEqual([{ session: 'a', lease: 1 }])
    attach()
    await settle()
    expect(sent.map(({ type }) => type)).toEqual(['session.results', 'session.ended'])
    ack(sent[0])
    sessions.detach()
    attach()
    await settle()
    expect(sent.slice(2)).toEqual(sent.slice(1, 2))
    ack(sent[2])
    expect(sessions.list()).toEqual([])
  })

  it('let the engine forget the job when all of it was done and told, and only then', async () => {
    for (const [session, status] of [
      ['a', 'done'],
      ['b', 'failed'],
    ] as const) {
      await sessions.open(testSpec(session, 1, `job of ${session}`))
      engine.events.results(session, [{ ...testResult('t'), status }])
      engine.events.ended(session, { reason: 'finished', code: null, message: null, cipher: null })
      await settle()
      expect(engine.forgotten).toHaveLength(0)
    }
    for (const report of sent.filter(({ type }) => type !== 'hello')) ack(report)
    expect(engine.forgotten).toEqual(['job of a'])
  })

  it('are forgotten, and the session stopped, when the control plane wants no more of it', async () => {
    await sessions.open(testSpec('a', 1))
    await sessions.open(testSpec('b', 1, 'another job'))
    sessions.detach()
    engine.events.results('a', [testResult('t1')])
    engine.end('b')
    attach([
      { session: 'a', lease: 1 },
      { session: 'b', lease: 1 },
      { session: 'unknown', lease: 1 },
    ])
    await settle()
    expect(engine.calls.at(-1)).toBe('stop a')
    expect(sent).toEqual([])
    expect(sessions.list()).toEqual([])
  })

  it('of progress are the latest only, and none once it ended', async () => {
    await sessions.open(testSpec('a', 1))
    const progress = (bytes: number) => ({ bytes, sent: 0, files: 0, speed: 0, executing: [] })
    for (const bytes of [1, 2, 3]) engine.events.progress('a', progress(bytes))
    expect(sent).toMatchObject([{ type: 'session.progress', bytes: 1 }])
    engine.end('a')
    engine.events.progress('a', progress(4))
    await settle()
    expect(sent.map(({ type }) => type)).toEqual(['session.progress', 'session.ended'])
  })
})
