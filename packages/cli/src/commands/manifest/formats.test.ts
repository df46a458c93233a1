import type { ManifestFile } from '@waybill/sdk'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type FormatName, manifestFormats } from './formats.js'

const file: ManifestFile = {
  task: 'task',
  path: 'show/a.exr',
  size: 12,
  modified: '2026-01-31T08:00:00.000000000Z',
  state: 'transferred',
  checksum: '06b05ab6733a618578af5f94892f3950',
}

function print(name: FormatName, files: readonly ManifestFile[]): string {
  const format = manifestFormats[name]
  const pieces = files.map((one, at) => format.file(one, at === 0) ?? '')
  return Buffer.concat([format.start(), ...pieces, format.end].map((piece) => Buffer.from(piece))).toString()
}

describe('a manifest', () => {
  it('is lines of xxhsum, in which no name can pretend to be another line', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.oneof(fc.constantFrom('\n', '\\', 'n'), fc.string()) }), (path) => {
        const text = print('xxh128sum', [{ ...file, path }])
        expect(text.match(/\n/g)).toHaveLength(1)
        const [, mark, sum, name = ''] = /^(\\?)([0-9a-f]{32}) {2}(.*)\n$/s.exec(text) ?? []
        expect(sum).toBe(file.checksum)
        const read = name.replace(
          /\\(.)/gs,
          (_, character: string) => ({ n: '\n', r: '\r' })[character] ?? character,
        )
        expect(mark === '' ? name : read).toBe(path)
      }),
    )
  })

  it('is JSON', () => {
    const files = [file, { ...file, path: '"\n' }]
    expect(JSON.parse(print('json', files))).toEqual(files)
    expect(JSON.parse(print('json', []))).toEqual([])
  })

  it('is CSV that no table takes for formulas', () => {
    expect(print('csv', [{ ...file, path: '=1,"x"' }]).split('\r\n')).toEqual([
      'path,size,modified,checksum,state,task',
      `"'=1,""x""",12,2026-01-31T08:00:00.000000000Z,${file.checksum ?? ''},transferred,task`,
      '',
    ])
  })

  it('is a hash list', () => {
    const text = print('mhl', [
      file,
      { ...file, path: 'a & <b>' },
      { ...file, checksum: null, state: 'present' },
    ])
    expect(text).toContain('<hashlist version="2.0" xmlns="urn:ASC:MHL:v2.0">')
    expect(text.match(/<hash>/g)).toHaveLength(2)
    expect(text).toContain('>a &amp; &lt;b&gt;</path>')
    expect(text).toContain('>06b05ab6733a618578af5f94892f3950</xxh128>')
  })

  it('shows nobody what a terminal would obey', () => {
    expect(print('text', [{ ...file, path: '\u001b[2J' }])).not.toContain('\u001b')
  })
})
