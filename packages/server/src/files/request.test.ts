import { parseFilters, WaybillError } from '@waybill/api'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Payload } from '../http/routes/fields.js'
import { readPath, readPaths, readSelection } from './request.js'

describe('paths of a call', () => {
  it.each([
    ['volume=storage/a', 'volume=storage/a'],
    [{ path: '~/a' }, '~/a'],
    [{ volume: 'storage', path: '/a/b' }, 'volume=storage/a/b'],
    [{ share: '6645fbca9f8c4d3e7a3b678d' }, 'share=6645fbca9f8c4d3e7a3b678d/'],
    [{ site: 'paris', folder: 'rushes', path: 'x' }, 'site=paris:folder=rushes/x'],
    [
      { client: '664f53b16aa9149860da9d9c', path: '/Users/lisa' },
      'client=664f53b16aa9149860da9d9c:/Users/lisa',
    ],
    [{ path: 'a', volume: null, other: 5 }, 'a'],
    [{ client: 'c', v: 'v1', path: 'a', path_abs_final: '/mnt/a' }, 'volume=v1/a'],
    [{ client: 'c', v: 'v1', s: 's1', path: 'a' }, 'share=s1/a'],
    [{ client: 'c', user: 'u', path: '/a' }, 'client=c:/a'],
  ])('%j is %s', (given, text) => {
    expect(readPath(given, 'path')).toEqual({ given, text })
    expect(readPaths([given])).toEqual({ paths: [{ given, text }], many: true })
  })

  it.each([
    undefined,
    null,
    '',
    ' ',
    5,
    true,
    {},
    { path: 5 },
    { path: '' },
    { volume: ['a'] },
    { volume: 'a', folder: 'b' },
    { path: 'a', site: 'b', client: 'c' },
  ])('%j is none', (given) => {
    expect(() => readPath(given, 'path')).toThrow(WaybillError)
    expect(() => readPaths([given])).toThrow(WaybillError)
  })

  it('are bounded in number', () => {
    expect(() => readPaths(Array(10_001).fill('a'))).toThrow(expect.objectContaining({ code: 'too_large' }))
  })
})

describe('what to list', () => {
  const read = (data: object) => readSelection(new Payload(data))

  it('is the directory itself unless more is asked for', () => {
    expect(read({ recursive: false, maxdepth: 5, getsize: null, include: null, limit: 0 })).toEqual({
      ...{ recursive: false, depth: 1, sizes: false, only: 'all', include: '', exclude: '' },
      ...{ skip: 0, limit: undefined },
    })
    expect(read({ recursive: true, maxdepth: 0 }).depth).toBe(1)
    expect(read({ recursive: true, maxdepth: 3 }).depth).toBe(3)
    expect(read({ recursive: true }).depth).toBeGreaterThan(1000)
    expect(read({ files_only: true, directories_only: false }).only).toBe('files')
  })

  it('takes filters as text or as a list, in which a comma is part of a name', () => {
    expect(parseFilters(read({ include: '*.mov,*.exr' }).include)).toHaveLength(2)
    expect(parseFilters(read({ include: ['a,b.mov', "re('a{1,2}')", 'c\\,d'] }).include)).toMatchObject([
      { pattern: 'a,b.mov' },
      { pattern: 'a{1,2}' },
      { pattern: 'c,d' },
    ])
  })

  it('is sound or refused, whatever is asked', () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom("re('a", "re('a')", '*.mov', true, 0, 7, -1))
    const names = ['recursive', 'maxdepth', 'getsize', 'files_only', 'directories_only']
    const field = fc.constantFrom(...names, 'include', 'exclude', 'skip', 'limit')
    fc.assert(
      fc.property(fc.dictionary(field, value), (data) => {
        try {
          const { depth, skip, limit = 0 } = read(data)
          expect([depth > 0, skip >= 0, limit >= 0]).toEqual([true, true, true])
        } catch (error) {
          expect(error).toBeInstanceOf(WaybillError)
        }
      }),
    )
  })
})
