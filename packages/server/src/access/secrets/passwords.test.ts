import { scryptSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkPassword, hashPassword, parseStored, verifyPassword } from './passwords.js'

describe('passwords', () => {
  it.each([
    ['short', /at least 10 characters/],
    ['a'.repeat(257), /at most 256/],
    ['abababababab', /4 different characters/],
    ['lisa@example.com', /more than the email/],
    ['Lisa@Example.com1', /more than the email/],
    ['lisa@example', /more than the email/],
  ])('need some strength: %s', (password, words) => {
    expect(() => checkPassword(password, 'lisa@example.com')).toThrow(words)
  })

  it('are kept as a hash with its parameters and a salt of its own', async () => {
    const password = 'correct horse battery'
    expect(() => checkPassword(password, 'lisa@example.com')).not.toThrow()
    const [first, second] = await Promise.all([hashPassword(password), hashPassword(password)])
    expect(first).not.toBe(second)
    expect(first).toMatch(/^scrypt\$32768\$8\$1\$/)
    expect(await verifyPassword(first, password)).toEqual({ correct: true, outgrown: false })
    expect(await verifyPassword(first, `${password}!`)).toMatchObject({ correct: false })
    expect(await verifyPassword(first, '')).toMatchObject({ correct: false })
    const { n, r, p, salt, hash } = parseStored(first)
    const options = { N: n, r, p, maxmem: 2 ** 27 }
    expect(hash.equals(scryptSync(password, salt, 32, options))).toBe(true)
  })

  it('are the same however their accents are composed', async () => {
    const stored = await hashPassword('caf\u00e9 au lait')
    expect(await verifyPassword(stored, 'cafe\u0301 au lait')).toMatchObject({ correct: true })
  })

  it('of an earlier time are recognised, and known to be outgrown', async () => {
    const salt = Buffer.from('0123456789abcdef')
    const hash = scryptSync('correct horse battery', salt, 32, { N: 1024, r: 8, p: 1 })
    const stored = `scrypt$1024$8$1$${salt.toString('base64url')}$${hash.toString('base64url')}`
    expect(await verifyPassword(stored, 'correct horse battery')).toEqual({ correct: true, outgrown: true })
  })

  it('of nobody are never right', async () => {
    for (const password of ['', '\0'.repeat(32), 'anything']) {
      expect(await verifyPassword(null, password)).toMatchObject({ correct: false })
    }
  })

  it('that were tampered with are no password', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^scrypt\$\d+\$\d+\$\d+\$[\w-]+\$[\w-]+$/.test(text))
        expect(() => parseStored(text)).toThrow(/cannot be read/)
      }),
    )
  })

  it('are checked by few at a time, and the rest is turned away', async () => {
    const all = await Promise.allSettled(Array.from({ length: 80 }, () => verifyPassword(cheap, 'x')))
    const refused = all.filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(80 - 66)
    expect(await verifyPassword(cheap, 'x')).toMatchObject({ correct: false })
  })
})

const cheap = `scrypt$2$8$1$${'a'.repeat(22)}$${'b'.repeat(43)}`
