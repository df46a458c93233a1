import type { Transfer } from '@waybill/sdk'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { shortName } from './columns.js'
import { printable, printableJson } from './printable.js'
import { createProgress, progressBar } from './progress.js'
import { renderTable } from './table.js'
import { formatBytes, formatDuration } from './units.js'

const transfer = (fields: Partial<Transfer>): Transfer => ({
  ...{
    id: '6971e16fceadd67b955b1995',
    code: 'a',
    name: 'a',
    status: 'running',
    status_hr: '',
    status_code: null,
  },
  ...{ source: 'user:1', source_hr: '', destination: 'user:2', destination_hr: '', user: '1', user_hr: '' },
  ...{ created: new Date(0), started: null, finished: null, modified: new Date(0), modifier: null },
  ...{ size: 256e6, transferred: 128e6, progress: 50, speed: 85.24, etr: '0:00:02' },
  ...{ uri: null, parent: null, parent_hr: null, queue: null, metadata: null },
  ...{ retries: 0, tasks_total: 1, tasks_done: 0, tasks_failed: 0, ...fields },
})

describe('names from other machines', () => {
  test('cannot control the terminal', () => {
    expect(printable('a\u001b[2Jb\u009bc\nd\u202ee')).toBe('a\\u001b[2Jb\\u009bc\\nd\\u202ee')
    expect(printable('käse 日本 🎬')).toBe('käse 日本 🎬')
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
      }),
    )
  })

  test('stay the same in JSON', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = printableJson(JSON.stringify({ text }, null, 2))
        expect(JSON.parse(shown)).toEqual({ text })
        expect(shown).not.toMatch(/[\u007f-\u009f\u202e]/)
      }),
    )
  })
})

test('tables are aligned, without frames, and free of control characters', () => {
  const rows = [
    { name: 'a\u001b[31m', size: 5 },
    { name: 'long name', size: 12_345 },
  ]
  const table = renderTable(rows, [
    { head: 'NAME', value: ({ name }) => name },
    { head: 'SIZE', right: true, value: ({ size }) => size },
    { head: 'WHEN', value: () => new Date(0) },
  ])
  expect(table.split('\n')).toEqual([
    'NAME          SIZE  WHEN',
    'a\\u001b[31m      5  1970-01-01 00:00:00',
    'long name    12345  1970-01-01 00:00:00',
  ])
  expect(renderTable([{}], [{ head: 'X', value: () => 'y'.repeat(500) }]).split('\n')[1]).toMatch(/^y{59}…$/)
})

test('other entities are shown by their names alone', () => {
  expect(shortName('user:lisa@example.com[standard](6676f3e9c7ef4e27da254e57)')).toBe('lisa@example.com')
  expect(shortName('workspace:seagull(6645fbca9f8c4d3e7a3b678d)')).toBe('seagull')
  expect(shortName('something else')).toBe('something else')
})

test('amounts', () => {
  expect([0, 999, 1000, 12_345, 999_960, 256e6, 1e15].map(formatBytes)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '12.3 kB',
    '1.0 MB',
    '256 MB',
    '1.0 PB',
  ])
  expect([120, 59_900, 60_000, 3_725_000].map(formatDuration)).toEqual([
    '0.1 s',
    '59.9 s',
    '0:01:00',
    '1:02:05',
  ])
})

describe('progress', () => {
  test('is a bar with speed and time remaining, never wider than the terminal', () => {
    expect(progressBar(transfer({}), 100)).toBe(
      `${'█'.repeat(15)}${'░'.repeat(15)}  running  50%  128 MB of 256 MB  85.2 MB/s  0:00:02 left`,
    )
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: -5, max: 200 }),
        (columns, progress) => {
          const line = progressBar(transfer({ progress, name: 'x' }), columns)
          expect(Array.from(line).length).toBeLessThan(columns)
        },
      ),
    )
  })

  test('says why a job waits', () => {
    const waiting = transfer({
      status: 'waiting',
      status_hr: 'No client of \u001blisa is online',
      progress: 0,
    })
    expect(progressBar(waiting, 100)).toContain('waiting  No client of \\u001blisa is online  0%')
  })

  test('on a terminal is drawn over itself, and notes stay', () => {
    let out = ''
    const progress = createProgress({ isTTY: true, columns: 80, write: (text) => (out += text) })
    progress.show(transfer({ progress: 1 }))
    progress.note('server away')
    progress.show(transfer({ progress: 2 }))
    progress.end()
    expect(out.replaceAll('\r\u001b[2K', '<clear>')).toMatch(/ 1% .*<clear>server away\n.* 2% .*\n$/)
  })

  test('elsewhere is a line at each change of status and every few seconds', () => {
    const out: string[] = []
    let now = 0
    const progress = createProgress({ write: (text) => out.push(text) }, () => now)
    for (now = 0; now < 10_000; now += 500) progress.show(transfer({ progress: now / 100 }))
    progress.show(transfer({ status: 'done', progress: 100 }))
    progress.end()
    expect(out.map((line) => line.split('  ').slice(0, 2).join(' ').trim())).toEqual([
      'running 0%',
      'running 30%',
      'running 60%',
      'running 90%',
      'done 100%',
    ])
    expect(out.join('')).not.toContain('\r')
  })
})
