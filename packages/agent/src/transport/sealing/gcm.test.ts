import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SealKeys } from '../link-keys.js'
import { type Opening, type Sealing, tagBytes } from './gcm.js'
import { nativeOpening, nativeSealing } from './native-gcm.js'
import { nodeOpening, nodeSealing } from './node-gcm.js'
import { Nonces } from './nonce.js'

function keysOf(algorithm: SealKeys['algorithm']): SealKeys {
  return { algorithm, key: randomBytes(algorithm === 'aes-256-gcm' ? 32 : 16), iv: randomBytes(12) }
}

function seal(sealing: Sealing, number: number, header: Buffer, plain: Buffer, step: number): Buffer {
  const sealed = Buffer.concat([plain, Buffer.alloc(tagBytes)])
  sealing.begin(number, header)
  // In place, as records are.
  for (let at = 0; at < plain.length; at += step) {
    sealing.update(sealed.subarray(at, Math.min(at + step, plain.length)), sealed, at)
  }
  sealing.finish(sealed, plain.length)
  return sealed
}

function open(
  opening: Opening,
  number: number,
  header: Buffer,
  sealed: Buffer,
  step: number,
): Buffer | undefined {
  const plain = Buffer.alloc(sealed.length - tagBytes)
  opening.begin(number, header)
  for (let at = 0; at < plain.length; at += step) {
    opening.update(sealed.subarray(at, Math.min(at + step, plain.length)), plain, at)
  }
  return opening.finish(sealed.subarray(plain.length)) ? plain : undefined
}

const messages = fc.record({
  number: fc.maxSafeNat(),
  header: fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  plain: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  step: fc.integer({ min: 1, max: 400 }),
})

describe.each(['aes-128-gcm', 'aes-256-gcm'] as const)('%s', (algorithm) => {
  it('is the same whoever does it, and opens what the other sealed', () => {
    const keys = keysOf(algorithm)
    const [sealNative, openNative] = [nativeSealing(keys), nativeOpening(keys)]
    if (sealNative === undefined || openNative === undefined) return
    const [sealNode, openNode] = [nodeSealing(keys), nodeOpening(keys)]
    fc.assert(
      fc.property(messages, ({ number, header, plain, step }) => {
        const sealed = seal(sealNative, number, header, plain, step)
        expect(sealed).toEqual(seal(sealNode, number, header, plain, step))
        expect(open(openNative, number, header, sealed, step)).toEqual(plain)
        expect(open(openNode, number, header, sealed, step)).toEqual(plain)
      }),
    )
  })

  it.each(['node', 'native'] as const)(
    'refuses what was changed, and goes on with the next (%s)',
    (which) => {
      const keys = keysOf(algorithm)
      const sealing = (which === 'native' ? nativeSealing(keys) : undefined) ?? nodeSealing(keys)
      const opening = (which === 'native' ? nativeOpening(keys) : undefined) ?? nodeOpening(keys)
      fc.assert(
        fc.property(messages, fc.nat(), fc.integer({ min: 1, max: 255 }), (message, where, mask) => {
          const { number, header, plain, step } = message
          const sealed = seal(sealing, number, header, plain, step)
          const spoilt = Buffer.from(sealed)
          const at = where % spoilt.length
          spoilt.writeUInt8(spoilt.readUInt8(at) ^ mask, at)
          expect(open(opening, number, header, spoilt, step)).toBeUndefined()
          expect(open(opening, number + 1, header, sealed, step)).toBeUndefined()
          expect(open(opening, number, Buffer.concat([header, header]), sealed, step)).toBeUndefined()
          expect(open(opening, number, header, sealed, step)).toEqual(plain)
        }),
      )
    },
  )
})

it('nothing is written where there is no room', () => {
  const sealing = nativeSealing(keysOf('aes-128-gcm'))
  if (sealing === undefined) return
  sealing.begin(0, Buffer.from('header'))
  expect(() => sealing.update(Buffer.alloc(10), Buffer.alloc(10), 1)).toThrow(RangeError)
  expect(() => sealing.finish(Buffer.alloc(15), 0)).toThrow(RangeError)
})

it('numbers make nonces of their own, beyond 32 bits as well', () => {
  const nonces = new Nonces(randomBytes(12))
  const numbers = [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 45]
  expect(new Set(numbers.map((number) => nonces.of(number).toString('hex'))).size).toBe(numbers.length)
})
