import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { readPayload } from '../events/payload.js'
import { parseLimits } from './limits.js'

it('reads limits in their units', () => {
  expect(parseLimits(['request_rate=100, request_burst=200', 'body_mib=1', 'request_hold_s=0.5'])).toEqual({
    requestRate: 100,
    requestBurst: 200,
    maxBody: 1_048_576,
    holdMs: 500,
  })
  expect(parseLimits(['', ' , '])).toEqual({})
})

it.each(['speed=1', 'request_rate', 'request_rate=', 'request_rate=0', 'body_mib=ten', '__proto__=1'])(
  'says what is wrong with %s',
  (text) => {
    expect(() => parseLimits([text])).toThrow(/^There is no limit|^The limit .* has to be a number/)
  },
)

it('refuses a bomb while it is unpacked, and what is no gzip', async () => {
  const gz_data = gzipSync(Buffer.alloc(100_000_000, ' ')).toString('base64')
  await expect(readPayload({ gz_data }, 1_000_000)).rejects.toMatchObject({ code: 'too_large' })
  await expect(readPayload({ gz_data: 'eA==' }, 1_000_000)).rejects.toMatchObject({ code: 'bad_request' })
})

it('unpacks many at the same time', async () => {
  const gz_data = gzipSync('{"a":1}').toString('base64')
  const all = Array.from({ length: 20 }, () => readPayload({ gz_data }, 100))
  expect(new Set((await Promise.all(all)).map((data) => JSON.stringify(data)))).toEqual(new Set(['{"a":1}']))
})
