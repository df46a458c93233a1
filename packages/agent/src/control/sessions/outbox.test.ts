import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { fromAgent, maxControlMessage, parseMessage } from '@waybill/api'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tempDirectory } from '../../../../testkit/src/temp.js'
import { Outbox, type Report } from './outbox.js'
import { testResult } from './testing.js'

const end = { reason: 'finished', code: null, message: null, cipher: null } as const

describe('an outbox', () => {
  it('brings everything across once and in order, however often the line breaks', () => {
    const steps = fc.array(fc.constantFrom('add', 'flush', 'deliver', 'ack', 'break', 'jam'), {
      maxLength: 200,
    })
    fc.assert(
      fc.property(steps, (script) => {
        const outbox = new Outbox('s', 1, 'job')
        const line: Report[] = []
        const acks: number[] = []
        const heard: string[] = []
        let expected = 1
        let added = 0
        // The listener: takes the number that is next, and knows an older one for a repetition.
        const deliver = (): void => {
          const report = line.shift()
          if (report === undefined) return
          expect(report.seq).toBeLessThanOrEqual(expected)
          if (report.seq === expected) {
            expected += 1
            if (report.type === 'session.results') heard.push(...report.results.map(({ task }) => task))
            else heard.push('end')
          }
          acks.push(report.seq)
        }
        const run = (step: string): void => {
          if (step === 'add') outbox.addResults([testResult(String(added++))])
          if (step === 'flush') outbox.flush((report) => line.push(report) > 0)
          if (step === 'deliver') deliver()
          if (step === 'ack') outbox.acknowledge(acks.shift() ?? -1)
          if (step === 'break') {
            line.length = 0
            acks.length = 0
            outbox.rewind()
          }
          // The line is gone, and nobody has noticed yet.
          if (step === 'jam') outbox.flush(() => false)
        }
        for (const step of script) run(step)
        outbox.addEnd(end)
        run('break')
        for (let i = 0; i < 1000 && !outbox.empty; i += 1) {
          for (const step of ['flush', 'deliver', 'ack']) run(step)
        }
        expect(outbox.empty).toBe(true)
        expect(heard).toEqual([...Array.from({ length: added }, (_, i) => String(i)), 'end'])
      }),
    )
  })

  it('sends results together that have to wait, in messages that the line takes', () => {
    const outbox = new Outbox('s', 1, 'job')
    const details = Array.from({ length: 100 }, () => ({ path: 'p'.repeat(2000), code: 'E', message: 'm' }))
    outbox.addResults(Array.from({ length: 60 }, (_, i) => ({ ...testResult(String(i)), details })))
    const sent: Report[] = []
    outbox.flush((report) => sent.push(report) > 0)
    expect(sent.length).toBe(4)
    for (const report of sent) {
      expect(Buffer.byteLength(JSON.stringify(report))).toBeLessThan(maxControlMessage)
      expect(parseMessage(fromAgent, JSON.stringify(report))).toEqual(report)
    }
  })

  it('tells the lines of a manifest before the results that come after them, and what of it is lost', () => {
    const file = join(tempDirectory('outbox'), 'record')
    writeFileSync(file, 'first\nsecond\n')
    const outbox = new Outbox('s', 1, 'job')
    outbox.addManifest([
      { file, from: 0, to: 6 },
      { file, from: 6, to: 13 },
      { file: null, from: 0, to: 0 },
    ])
    outbox.addResults([testResult('a')])
    outbox.addEnd(end)
    const sent: Report[] = []
    const send = (report: Report) => sent.push(report) > 0
    outbox.flush(send)
    for (const { seq } of [...sent]) outbox.acknowledge(seq)
    outbox.flush(send)
    const shown = sent.map((report) => {
      expect(parseMessage(fromAgent, JSON.stringify(report))).toEqual(report)
      if (report.type !== 'session.manifest') return report.type
      return report.lines === null ? 'lost' : gunzipSync(Buffer.from(report.lines, 'base64')).toString()
    })
    expect(shown).toEqual(['first\n', 'second\n', 'lost', 'session.results', 'session.ended'])
  })

  it('never sends what the control plane would not take', () => {
    const outbox = new Outbox('s', 1, 'job')
    const details = [{ path: 'p'.repeat(5_000_000), code: 'E', message: 'm' }]
    outbox.addResults([
      { ...testResult('a'), time: Number.NaN },
      { ...testResult('b'), message: 'm'.repeat(5_000_000) },
      { ...testResult('c'), details },
    ])
    let sent: Report | undefined
    outbox.flush((report) => {
      sent = report
      return true
    })
    expect(parseMessage(fromAgent, JSON.stringify(sent))).toMatchObject({
      results: [
        { task: 'a', status: 'failed', code: 'E#J099' },
        { task: 'b', status: 'failed', code: 'E#J099' },
        { task: 'c', status: 'done', details: [] },
      ],
    })
  })
})
