import { expect, it } from 'vitest'
import { BufferPool } from './buffers.js'

const mib = 1024 * 1024

it('keeps what comes back, and no more than some of it', () => {
  const pool = new BufferPool()
  const one = pool.acquire(mib)
  pool.release(one)
  expect(pool.acquire(mib)).toBe(one)
  expect(pool.free).toBe(0)
  const sizes = [64 * 1024, mib, 4 * mib]
  for (const size of [...sizes, ...sizes.toReversed()]) {
    const taken = Array.from({ length: 40 }, () => pool.acquire(size))
    for (const buffer of taken) pool.release(buffer)
    expect(pool.free).toBeLessThanOrEqual(12 * mib)
    // What is asked for now is what is kept.
    const again = pool.acquire(size)
    expect(taken.some((buffer) => buffer === again)).toBe(true)
    pool.release(again)
  }
})
