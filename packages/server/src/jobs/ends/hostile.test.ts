import { WaybillError } from '@waybill/api'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Studio } from './testing.js'

let studio: Studio
beforeAll(async () => {
  studio = await Studio.open()
  await studio.map(studio.ids.tomsPc, studio.ids.folder, 'D:\\trailers', { read: true, write: true })
})
afterAll(async () => {
  await studio.world.close()
})

/** What a vendor must not learn from any answer unless he wrote it himself. */
const secrets = [
  ...['hq-server', 'stockholm-server', 'second-server', 'laptop', 'desktop', '/srv/', '/mnt/', 'film/'],
  ...['second', 'home/', 'reel1', 'stills', 'S:\\'],
]
const pieces = fc.constantFrom(
  ...[
    'hq',
    'studio',
    'site=',
    'stockholm',
    'client=',
    'user=',
    'workspace=',
    'other',
    ':',
    '/',
    '\\',
    '..',
    '.',
  ],
  ...[
    'lisa@example.com',
    'tom@example.com',
    'admin@example.com',
    '@tom-pc',
    '@nowhere',
    'C:',
    '~',
    '\0',
    ' ',
  ],
  ...[
    'volume=',
    'folder=',
    'home=',
    'collection=',
    'share=',
    'delivery=',
    'storage',
    '(default)',
    'trailers',
  ],
  ...['lisa', 'tom', 'best', 'a', 'con', '%04d', '[1-9]', '[9-1]', 'é', "'", '"', '%', '_', '0'.repeat(24)],
)
const junk = fc.array(pieces, { minLength: 1, maxLength: 7 }).map((list) => list.join(''))
const party = fc.constantFrom(
  '',
  '',
  'hq:',
  'tom@example.com@tom-mac:',
  'lisa@example.com@laptop:',
  'site=stockholm:',
)
const start = fc.constantFrom('/in/', '~/', 'folder=trailers/', 'volume=storage/', 'home=tom/', 'share=best/')
const tail = fc.constantFrom('a.mov', 'a/b', 'film/trailers/a', 'home/lisa/a', '', '../a', 'a.%04d.exr[1-9]')
const text = fc.oneof(
  junk,
  fc.tuple(party, start, tail).map((list) => list.join('')),
)

describe('whatever is asked for', () => {
  it.each(['tom', 'lisa'] as const)('by %s becomes a job or is refused with words', async (who) => {
    const person = studio.world[who]
    let made = 0
    await fc.assert(
      fc.asyncProperty(text, fc.option(text, { nil: undefined }), async (source, destination) => {
        try {
          await studio.ends(source, destination, person)
          made += 1
        } catch (error) {
          expect(error).toBeInstanceOf(WaybillError)
          if (!(error instanceof WaybillError)) return
          expect(['bad_request', 'not_found', 'forbidden', 'not_available']).toContain(error.code)
          if (who === 'lisa') return
          const written = `${source} ${destination ?? ''}`
          for (const secret of secrets) {
            if (!written.includes(secret)) expect(error.message).not.toContain(secret)
          }
        }
      }),
      { numRuns: 600 },
    )
    expect(made).toBeGreaterThan(0)
  })
})
