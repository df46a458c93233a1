import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAuthorization } from './credentials.js'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
/** What an email and a key may be made of, and what a scheme may look like. */
const email = fc
  .tuple(fc.stringMatching(/^[a-z0-9._+-]{1,30}$/), fc.stringMatching(/^[a-z0-9.-]{1,30}$/))
  .map(([name, host]) => `${name}@${host}`)
const key = fc.string({ minLength: 1, maxLength: 80, unit: 'grapheme' })
const scheme = (word: string) => fc.mixedCase(fc.constant(word))

describe('an Authorization header', () => {
  it('says the same in both forms', () => {
    fc.assert(
      fc.property(scheme('basic'), email, key, (basic, who, secret) => {
        const said = { email: who, key: secret }
        expect(parseAuthorization(`${basic} ${base64(who)}:${base64(secret)}`)).toEqual(said)
        expect(parseAuthorization(`${basic}  ${base64(`${who}:${secret}`)} `)).toEqual(said)
      }),
    )
  })

  it('names a session', () => {
    fc.assert(
      fc.property(scheme('bearer'), fc.stringMatching(/^wbs_[\w-]{43}$/), (bearer, token) => {
        expect(parseAuthorization(`${bearer} ${token}`)).toEqual({ token })
      }),
    )
  })

  it('that makes no sense says nothing, quickly', () => {
    const words = fc.constantFrom('basic', 'Bearer', ' ', ':', '=', base64('a@b.c'), base64('x'), '\0', 'é')
    const nonsense = fc.oneof(
      fc.string(),
      fc.array(words, { maxLength: 30 }).map((some) => some.join('')),
    )
    fc.assert(
      fc.property(nonsense, (header) => {
        const said = parseAuthorization(header)
        if (said === undefined) return
        if ('token' in said) expect(said.token).toMatch(/^[\w-]{1,200}$/)
        else
          expect([said.email, said.key]).toEqual([
            expect.stringMatching(/^[^@\s]+@[^@\s]+$/),
            expect.stringMatching(/./s),
          ])
      }),
    )
    expect(parseAuthorization(`basic ${'a'.repeat(1_000_000)}`)).toBeUndefined()
    expect(parseAuthorization(undefined)).toBeUndefined()
  })
})
