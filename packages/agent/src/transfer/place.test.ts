import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Places } from './place.js'

let root: string
const places = new Places()
beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'places-')))
  mkdirSync(join(root, 'film/trailers/v2'), { recursive: true })
  mkdirSync(join(root, 'film/trailers-old'))
  writeFileSync(join(root, 'film/plan.txt'), 'secret')
  writeFileSync(join(root, 'film/trailers/v2/cut.mov'), 'cut')
  symlinkSync('v2', join(root, 'film/trailers/latest'))
  symlinkSync('..', join(root, 'film/trailers/up'))
  symlinkSync('../trailers-old', join(root, 'film/trailers/old'))
  symlinkSync('film/trailers', join(root, 'short'))
})
afterAll(() => {
  places.close()
  rmSync(root, { recursive: true })
})

describe('a source within a part of its volume', () => {
  it.each([
    ['film/trailers/v2/cut.mov', 'film/trailers', 'film/trailers/v2/cut.mov'],
    ['film/trailers/latest/cut.mov', 'film/trailers', 'film/trailers/v2/cut.mov'],
    ['film/trailers', 'film/trailers', 'film/trailers'],
    ['short/v2/cut.mov', 'short', 'film/trailers/v2/cut.mov'],
    ['film/trailers/up/plan.txt', undefined, 'film/plan.txt'],
  ])('is found: %s', (path, within, base) => {
    const place = places.source({ root, path, ...(within === undefined ? {} : { within }) })
    expect(place.base).toBe(base)
  })

  it.each([
    ['film/trailers/up/plan.txt', 'film/trailers'],
    ['film/trailers/old', 'film/trailers'],
    ['film/trailers/up', 'film/trailers'],
    ['film/plan.txt', 'film/trailers'],
    ['film/plan.txt', '../..'],
    ['film/trailers/v2/cut.mov', 'nowhere'],
  ])('is refused where it leads out: %s', (path, within) => {
    expect(() => places.source({ root, path, within })).toThrow(/leads out|Refused|Cannot open/)
  })
})
