import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OutgoingFile } from '@waybill/asc'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Resting } from './resting.js'

let dir: string
let told: string[]
let othersGoOn: boolean
let settle: number

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'resting-'))
  told = []
  othersGoOn = false
  settle = 0
  vi.useFakeTimers({ now: Date.now() })
})
afterEach(() => {
  vi.useRealTimers()
  rmSync(dir, { recursive: true, force: true })
})

const stat = () => statSync(join(dir, 'a'), { bigint: true })

function make(): Resting {
  return new Resting(
    {
      look: stat,
      settleOf: () => settle,
      othersGoOn: () => othersGoOn,
      resume: () => told.push('resume'),
      announce: () => told.push('announce'),
      lost: (_file, error) => told.push(error instanceof Error && 'code' in error ? String(error.code) : '?'),
    },
    1000,
  )
}

/** The file as it was announced; `age` says how many milliseconds ago it changed last. */
function announced(age: number, tries = 0): OutgoingFile {
  writeFileSync(join(dir, 'a'), 'a')
  const { size, mtimeNs, ctimeNs, ino } = stat()
  vi.setSystemTime(Number(ctimeNs / 1_000_000n) + age)
  const stamp = { changed: ctimeNs, file: ino }
  const entry = { id: 1, task: 1, kind: 'file', path: 'a', size: Number(size), mtime: mtimeNs } as const
  return new OutgoingFile({ ...entry, mode: 0o644, stamp }, tries)
}

describe('resting files', () => {
  it('are put off for a tick of the clock, or until they have settled, once', () => {
    const resting = make()
    expect(resting.putOff(announced(50))).toBe(false)
    const file = announced(5)
    expect(resting.putOff(file)).toBe(true)
    vi.advanceTimersByTime(20)
    expect(told).toEqual(['resume'])
    expect(resting.putOff(file)).toBe(false)
    settle = 60
    const young = announced(20_000)
    expect(resting.putOff(young)).toBe(true)
    vi.advanceTimersByTime(39_000)
    expect(told).toEqual(['resume'])
    vi.advanceTimersByTime(1100)
    expect(told).toEqual(['resume', 'resume'])
    expect(resting.size).toBe(0)
  })

  it('from the future are waited for no longer than any other, and without a wish not at all', () => {
    const resting = make()
    expect(resting.putOff(announced(-86_400_000))).toBe(false)
    settle = 10
    expect(resting.putOff(announced(-86_400_000))).toBe(true)
    vi.advanceTimersByTime(10_001)
    expect(told).toEqual(['resume'])
  })

  it('that change are looked at with growing pauses, and announced when they rest', () => {
    const resting = make()
    const file = announced(1000)
    resting.changed(file, stat())
    for (const pause of [1000, 2000, 4000]) {
      writeFileSync(join(dir, 'a'), `pause ${pause}`)
      vi.advanceTimersByTime(pause - 1)
      expect(resting.size).toBe(1)
      vi.advanceTimersByTime(1)
    }
    expect(told).toEqual([])
    vi.advanceTimersByTime(8000)
    expect(told).toEqual(['announce'])
  })

  it('are given up when nothing else goes on, and not before', () => {
    const resting = make()
    othersGoOn = true
    const file = announced(1000)
    resting.changed(file, stat())
    const go = (round: number) => {
      writeFileSync(join(dir, 'a'), 'x'.repeat(2 + round))
      vi.advanceTimersByTime(Math.min(30_000, 1000 * 2 ** round))
    }
    for (let round = 0; round < 30; round++) go(round)
    expect(told).toEqual([])
    othersGoOn = false
    go(30)
    expect(told).toEqual(['E#J005'])
    resting.changed(announced(1000, 7), stat())
    expect(told).toEqual(['E#J005', 'E#J005'])
  })

  it('are told of as gone when they are, and not at all when nobody wants them any more', () => {
    const resting = make()
    const file = announced(5)
    resting.putOff(file)
    resting.forget(file)
    vi.advanceTimersByTime(1000)
    expect(told).toEqual([])
    resting.putOff(announced(5))
    rmSync(join(dir, 'a'))
    vi.advanceTimersByTime(1000)
    expect(told).toEqual(['ENOENT'])
  })

  it('are bounded in number: others are sent anew at once, the second time no more', () => {
    const resting = make()
    for (let i = 0; i < 200; i++) resting.changed(announced(1000), stat())
    resting.changed(announced(1000), stat())
    resting.changed(announced(1000, 1), stat())
    expect(told).toEqual(['announce', 'E#J005'])
    resting.close()
    expect(resting.size).toBe(0)
  })
})
