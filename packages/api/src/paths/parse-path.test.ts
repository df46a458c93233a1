import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WaybillError } from '../errors.js'
import type { PathNotation, PathText } from './notation.js'
import { parsePath } from './parse-path.js'
import { baseName, joinPath, printNotation, printPath, unfitForWindows } from './print-path.js'
import { frameNames } from './sequence.js'

const id = '664f53b16aa9149860da9d9c'

function parse(text: string): PathText {
  return parsePath(text, { workspace: 'studio' })
}

function path(kind: 'relative' | 'home', names: string, directory?: boolean): PathNotation
function path(kind: 'absolute', names: string, directory: boolean, root: string): PathNotation
function path(
  kind: 'relative' | 'home' | 'absolute',
  names: string,
  directory = false,
  root = '/',
): PathNotation {
  const all = { names: names === '' ? [] : names.split('|'), directory }
  return kind === 'absolute' ? { kind, root, ...all } : { kind, ...all }
}
function share(
  kind: 'volume' | 'folder' | 'home' | 'collection' | 'delivery' | 'share',
  code: string,
  names: string,
  directory = false,
): PathNotation {
  return { kind: 'share', share: kind, code, names: names === '' ? [] : names.split('|'), directory }
}

const hq = { kind: 'workspace', name: 'hq' } as const
const lisa = { kind: 'user', user: 'lisa@example.com' } as const

describe('parsePath', () => {
  it.each<[string, PathText['party'], PathText['path']]>([
    // Parties.
    ['hq', hq, undefined],
    ['HQ:', hq, undefined],
    ['hq:proj/x.mov', hq, path('relative', 'proj|x.mov')],
    ['studio:proj/x.mov', { kind: 'workspace', name: 'studio' }, path('relative', 'proj|x.mov')],
    ['workspace=studio:x', { kind: 'workspace', name: 'studio' }, path('relative', 'x')],
    [`workspace:${id}`, { kind: 'workspace', name: id }, undefined],
    ['lisa@example.com', lisa, undefined],
    ['lisa@example.com:/Users/lisa/', lisa, path('absolute', 'Users|lisa', true, '/')],
    [
      'lisa@example.com@edit-01:C:\\in\\x',
      { ...lisa, host: 'edit-01' },
      path('absolute', 'in|x', false, 'C:\\'),
    ],
    ['user=lisa@example.com:share=proj/x', lisa, share('share', 'proj', 'x')],
    [`user=${id}`, { kind: 'user', user: id }, undefined],
    [`user:${id}`, { kind: 'user', user: id }, undefined],
    ['site=stockholm', { kind: 'site', site: 'stockholm' }, undefined],
    [
      'site=stockholm:volume=projects/a/',
      { kind: 'site', site: 'stockholm' },
      share('volume', 'projects', 'a', true),
    ],
    [`site:${id}`, { kind: 'site', site: id }, undefined],
    [
      `client=${id}:/Volumes/EDIT/from_client`,
      { kind: 'client', client: id },
      path('absolute', 'Volumes|EDIT|from_client', false, '/'),
    ],
    [`client:${id}`, { kind: 'client', client: id }, undefined],
    // Paths.
    [
      'share=myproject/delivery/TRAILER_screening_v003.mov',
      undefined,
      share('share', 'myproject', 'delivery|TRAILER_screening_v003.mov'),
    ],
    ['volume=projects', undefined, share('volume', 'projects', '', true)],
    ['volume=(default)/creatures/', undefined, share('volume', '(default)', 'creatures', true)],
    ['Folder=proj\\a\\b', undefined, share('folder', 'proj', 'a|b')],
    ['home=lisa@example.com/x', undefined, share('home', 'lisa@example.com', 'x')],
    ['collection=best/12:30.mov', undefined, share('collection', 'best', '12:30.mov')],
    [`delivery=${id}/x`, undefined, share('delivery', id, 'x')],
    ['~', undefined, path('home', '', true)],
    ['~/in/', undefined, path('home', 'in', true)],
    ['~$lock.docx', undefined, path('relative', '~$lock.docx')],
    ['/Volumes/EDIT', undefined, path('absolute', 'Volumes|EDIT', false, '/')],
    ['/', undefined, path('absolute', '', true, '/')],
    ['/a:b', undefined, path('absolute', 'a:b', false, '/')],
    ['c:/proj\\x', undefined, path('absolute', 'proj|x', false, 'C:\\')],
    ['C:', undefined, path('absolute', '', true, 'C:\\')],
    ['\\\\nas\\vol\\x\\', undefined, path('absolute', 'x', true, '\\\\nas\\vol\\')],
    ['_REF/creatures_showreel_2018.mov', undefined, path('relative', '_REF|creatures_showreel_2018.mov')],
    ['a//b/./c', undefined, path('relative', 'a|b|c')],
    ['proj/12:30.mov', undefined, path('relative', 'proj|12:30.mov')],
    ['./12:30.mov', undefined, path('relative', '12:30.mov')],
    ['./hq', undefined, path('relative', 'hq')],
    ['./', undefined, path('relative', '', true)],
    ['icons/a@2x.png', undefined, path('relative', 'icons|a@2x.png')],
    [' name with spaces ', undefined, path('relative', ' name with spaces ')],
    ['größe\n.mov', undefined, path('relative', 'größe\n.mov')],
    ['back\\slash', undefined, path('relative', 'back\\slash')],
    ['aux.c', undefined, path('relative', 'aux.c')],
  ])('reads %j', (text, party, expected) => {
    expect(parse(text)).toEqual({ party, path: expected })
    expect(parse(printPath(parse(text)))).toEqual({ party, path: expected })
  })

  it('reads a numbered sequence', () => {
    const sequence = { prefix: 'movie.', suffix: '.jpg', digits: 4, first: 100, last: 167 }
    expect(parse('dir/movie.%04d.jpg[100-167]').path).toEqual({
      ...path('relative', 'dir|movie.%04d.jpg[100-167]'),
      sequence,
    })
    expect(parse('C:\\dir\\a%d[1-1]').path).toMatchObject({
      sequence: { prefix: 'a', digits: 1, suffix: '' },
    })
    const names = [...frameNames(sequence)]
    expect([names.length, names[0], names.at(-1)]).toEqual([68, 'movie.0100.jpg', 'movie.0167.jpg'])
    expect([...frameNames({ ...sequence, first: 9999, last: 10_000 })]).toEqual([
      'movie.9999.jpg',
      'movie.10000.jpg',
    ])
    for (const text of ['dir/movie.%04d.jpg', 'dir/movie.jpg[1-2]', 'dir/%d%d[1-2]', 'dir/%04d[1-2]/'])
      expect(parse(text).path).not.toHaveProperty('sequence')
  })

  it.each([
    ['', /empty/],
    ['   ', /empty/],
    ['..', /\.\./],
    ['../x', /\.\./],
    ['volume=proj/../../etc/passwd', /\.\./],
    ['volume=../x', /no code/],
    ['volume=proj/a\\..\\..\\b', /\.\./],
    ['lisa@example.com:/a/../b', /\.\./],
    ['C:\\a\\..\\b', /\.\./],
    ['~/..', /\.\./],
    ['\\\\..\\x\\y', /\.\./],
    ['a\0b', /NUL/],
    ['volume=', /code is missing.*volume=code\/path/],
    ['volume=/x', /code is missing/],
    ['stockholm:x', /site=stockholm/],
    ['12:30.mov', /\.\/12:30\.mov/],
    [':x', /no party/],
    ['site=:x', /site=code:path/],
    ['client=', /client=id:path/],
    ['user=a/b', /user=email:path.*\.\/user=a\/b/],
    ['C:x', /C:\\x/],
    ['hq:C:x', /current directory/],
    ['\\x', /C:\\x/],
    ['C:\\con.txt', /device/],
    ['C:\\a?b', /refuses/],
    ['C:\\a.', /dot or space/],
    [`x/${'é'.repeat(128)}`, /255 bytes/],
    ['x'.repeat(5000), /4096/],
    ['x/%04d[5-4]', /\[4-5\]/],
    ['x/%d[0-9999999999]', /1000000 files/],
  ])('refuses %j', (text, message) => {
    expect(() => parse(text)).toThrow(WaybillError)
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'bad_request' }))
    expect(() => parse(text)).toThrow(message)
  })

  it('takes a name of 255 bytes', () => {
    expect(parse(`x/${'é'.repeat(127)}a`).path?.names).toHaveLength(2)
  })

  it('reads back what it prints, for whatever it reads', () => {
    const piece = fc.constantFrom(
      ...[
        'hq',
        'studio',
        ':',
        '/',
        '\\',
        '.',
        '..',
        '@',
        '=',
        'user',
        'site=',
        'volume=',
        '(default)',
        '~',
        'C:',
        ' ',
        'a',
        '%04d',
        '[1-2]',
        '\n',
        'é',
        '-',
      ],
    )
    const text = fc.oneof(
      fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 12 }).map((all) => all.join('')),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(text, (written) => {
        let read: PathText
        try {
          read = parse(written)
        } catch (error) {
          expect((error as WaybillError).code).toBe('bad_request')
          return
        }
        expect(parse(printPath(read)), printPath(read)).toEqual(read)
        for (const name of read.path?.names ?? []) expect(name.split(/[\\]/)).not.toContain('..')
      }),
      { numRuns: 3000 },
    )
  })
})

describe('paths', () => {
  it('are joined and named', () => {
    const base = share('volume', 'projects', 'a', true)
    const joined = joinPath(base, 'b', 'c.%02d[1-3]')
    expect(joined).toEqual({
      ...share('volume', 'projects', 'a|b|c.%02d[1-3]'),
      sequence: { prefix: 'c.', suffix: '', digits: 2, first: 1, last: 3 },
    })
    expect(joinPath(joined, 'd')).toEqual(share('volume', 'projects', 'a|b|c.%02d[1-3]|d'))
    expect(printNotation(joinPath(path('absolute', 'in', false, 'D:\\'), 'x'))).toBe('D:\\in\\x')
    expect(joinPath(base)).toBe(base)
    expect(baseName(base)).toBe('a')
    expect(baseName(share('volume', 'projects', ''))).toBeUndefined()
    for (const name of ['..', '.', '', 'a/b', 'a\\..', 'a\0'])
      expect(() => joinPath(base, name)).toThrow(expect.objectContaining({ code: 'bad_request' }))
    expect(() => joinPath(path('absolute', '', true, 'D:\\'), 'nul')).toThrow(/device/)
  })

  it('say what Windows cannot write', () => {
    expect(unfitForWindows(path('relative', 'ok|aux.c'))).toMatch(/aux.c is the name of a device/)
    expect(unfitForWindows(path('relative', 'ok|fine.c'))).toBeUndefined()
  })
})
