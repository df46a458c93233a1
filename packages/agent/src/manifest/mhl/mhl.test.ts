import { createHash } from 'node:crypto'
import {
  directoryEntry,
  fileEntry,
  type HashAction,
  hashListEnd,
  hashListStart,
  isXmlText,
  mhlHashes,
  printChain,
} from '@waybill/api'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newChecksum } from '../checksums.js'
import { c4OfDigest, digestOfC4 } from './c4.js'
import { DirectoryDigest } from './digest-list.js'
import { HashListReader, type HashSeen, parseChain } from './read-xml.js'

const names = fc
  .string({
    unit: fc.oneof(fc.constantFrom('&', '<', '>', '"', "'", '\n', '\t', '\r', ']]>', 'é'), fc.string()),
  })
  .filter(isXmlText)

const made = new Date('2026-01-31T08:00:00Z')

describe('a C4 ID', () => {
  it.each([
    // The first two stand in SMPTE ST 2114 and the documentation of C4.
    ['', 'c459dsjfscH38cYeXXYogktxf4Cd9ibshE3BHUo6a58hBXmRQdZrAkZzsWcbWtDg5oQstpDuni4Hirj75GEmTc1sFT'],
    ['alfa', 'c43zYcLni5LF9rR4Lg4B8h3Jp8SBwjcnyyeh4bc6gTPHndKuKdjUWx1kJPYhZxYt3zV6tQXpDs2shPsPYjgG81wZM1'],
  ])('of %j is the one that others make', (text, id) => {
    expect(c4OfDigest(createHash('sha512').update(text).digest())).toBe(id)
  })

  it('stands for its digest', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (bytes) => {
        const digest = Buffer.from(bytes)
        const id = c4OfDigest(digest)
        expect(id).toMatch(/^c4[1-9A-HJ-NP-Za-km-z]{88}$/)
        expect(digestOfC4(id)).toEqual(digest)
      }),
    )
    expect(digestOfC4('c4')).toBeUndefined()
    expect(digestOfC4(`c4${'z'.repeat(88)}`)).toBeUndefined()
    expect(digestOfC4(`c4${'0'.repeat(88)}`)).toBeUndefined()
  })
})

describe('checksums', () => {
  it.each([
    ['xxh128', '99aa06d3014798d86001c324468d497f', '06b05ab6733a618578af5f94892f3950'],
    ['xxh3', '2d06800538d394c2', '78af5f94892f3950'],
    ['xxh64', 'ef46db3751d8e999', '44bc2cf5ad770999'],
    ['md5', 'd41d8cd98f00b204e9800998ecf8427e', '900150983cd24fb0d6963f7d28e17f72'],
    ['sha1', 'da39a3ee5e6b4b0d3255bfef95601890afd80709', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
  ] as const)('%s are those of the tools of that name', (kind, empty, abc) => {
    expect(newChecksum(kind).done()).toBe(empty)
    const sum = newChecksum(kind)
    sum.update(Buffer.from('a'))
    sum.update(Buffer.from('bc'))
    expect(sum.done()).toBe(abc)
  })
})

describe('a hash list', () => {
  const entries = fc.array(
    fc.record({
      path: names,
      kind: fc.constantFrom(...mhlHashes),
      value: fc.stringMatching(/^[0-9a-zA-Z]{1,90}$/),
      action: fc.constantFrom<HashAction>('original', 'verified', 'failed'),
    }),
  )

  it('is read as it was written, in whatever pieces, whatever the names', () => {
    fc.assert(
      fc.property(entries, names, fc.integer({ min: 1, max: 50 }), (list, hostname, piece) => {
        const [first] = list
        const hash = { kind: 'xxh128', value: first?.value ?? '00', made } as const
        const root = first === undefined ? undefined : { content: hash, structure: hash }
        const text = [
          hashListStart({
            created: made,
            hostname,
            tool: { name: 'waybill', version: '1' },
            root,
            ignore: ['<a>'],
          }),
          ...list.map(({ path, action, ...one }) => fileEntry(path, 1, made, { ...one, made }, action)),
          directoryEntry('dir', { content: hash, structure: hash }),
          hashListEnd,
        ].join('')
        const seen: HashSeen[] = []
        const reader = new HashListReader((one) => seen.push(one))
        for (let at = 0; at < text.length; at += piece) reader.push(text.slice(at, at + piece))
        reader.end()
        expect(seen).toEqual(list)
      }),
    )
  })

  it('of a great many files is read to its end', () => {
    const hash = { kind: 'md5', value: '00', made } as const
    let seen = 0
    const reader = new HashListReader(() => seen++)
    const head = {
      created: made,
      hostname: 'a',
      tool: { name: 'a', version: '1' },
      root: undefined,
      ignore: [],
    }
    reader.push(hashListStart(head))
    for (let at = 0; at < 20_000; at++) reader.push(fileEntry(String(at), 1, made, hash, 'original'))
    reader.push(hashListEnd)
    reader.end()
    expect(seen).toBe(20_000)
  })

  it('that is none, or not complete, is refused', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom('<a/>', '<!DOCTYPE a><hashlist/>')), (text) => {
        const reader = new HashListReader(() => undefined)
        expect(() => {
          reader.push(text)
          reader.end()
        }).toThrow()
      }),
    )
  })
})

describe('a chain', () => {
  it('is read as it was written', () => {
    const entry = fc.record({
      number: fc.integer({ min: 1, max: 9999 }),
      path: names.map((name) => name.trim()),
      c4: fc.stringMatching(/^c4[1-9A-Z]{88}$/),
    })
    fc.assert(
      fc.property(fc.array(entry), (list) => {
        expect(parseChain(printChain(list))).toEqual(list)
      }),
    )
  })

  it.each(['', '<hashlist/>', '<ascmhldirectory><hashlist/></ascmhldirectory>', '<ascmhldirectory>'])(
    'is not %j',
    (text) => {
      expect(() => parseChain(text)).toThrow()
    },
  )
})

describe('the checksums of a directory', () => {
  const digests = fc.array(fc.tuple(fc.string(), fc.stringMatching(/^[0-9a-f]{32}$/)), { maxLength: 20 })

  it('do not depend on the order of what is in it', () => {
    fc.assert(
      fc.property(digests, (list) => {
        const [one, other] = [new DirectoryDigest('xxh128'), new DirectoryDigest('xxh128')]
        for (const [name, value] of list) one.addFile(name, value)
        for (const [name, value] of list.toReversed()) other.addFile(name, value)
        expect(one.done()).toEqual(other.done())
      }),
    )
  })

  it('are those of sorted digests', () => {
    const directory = new DirectoryDigest('md5')
    const [low, high] = [`00${'1'.repeat(30)}`, `ff${'1'.repeat(30)}`]
    directory.addFile('b', high)
    directory.addFile('a', low)
    const md5 = (data: string | Buffer) => createHash('md5').update(data).digest('hex')
    const sorted = [md5('a'), md5('b')].sort()
    expect(directory.done()).toEqual({
      content: md5(Buffer.from(low + high, 'hex')),
      structure: md5(Buffer.from(sorted.join(''), 'hex')),
    })
  })

  it('know names from contents', () => {
    const make = (name: string) => {
      const directory = new DirectoryDigest('xxh64')
      directory.addDirectory(name, { content: '0'.repeat(16), structure: '1'.repeat(16) })
      return directory.done()
    }
    expect(make('a').content).toBe(make('b').content)
    expect(make('a').structure).not.toBe(make('b').structure)
  })
})
