import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Place, Places } from '../place.js'
import { identityOf, whatIsLacking } from './lacking.js'

let base: string
let places: Places
let place: Place
let identity: string

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'lacking-'))
  for (const path of ['src/Dir/Sub', 'src/dir', 'src/täglich', 'elsewhere']) {
    mkdirSync(join(base, path), { recursive: true })
  }
  for (const path of ['Dir/Sub/File.TXT', 'dir/small', 'täglich/ü', 'plain']) {
    writeFileSync(join(base, 'src', path), '')
  }
  symlinkSync('../elsewhere', join(base, 'src/link'))
  places = new Places()
  place = places.source({ root: base, path: 'src' })
  identity = identityOf(place)
})
afterEach(() => {
  places.close()
  rmSync(base, { recursive: true, force: true })
})

const bytes = (path: string) => Buffer.from(path).toString('latin1')
function lacks(paths: readonly string[], folded = false): string[] {
  const lacking = whatIsLacking(place, paths.map(bytes), { identity, folded, isVolume: false })
  return paths.filter((_, i) => lacking[i])
}

it('names what is not there, to the letter', () => {
  const there = ['Dir', 'Dir/Sub', 'Dir/Sub/File.TXT', 'dir/small', 'plain', 'link', 'täglich/ü']
  expect(lacks(there)).toEqual([])
  const gone = ['dir/Sub', 'PLAIN', 'Dir/none', 'none/at/all', 'täglich/u\u0308']
  expect(lacks(gone)).toEqual(gone)
})

it('takes what stands behind a link or a file for there', () => {
  expect(lacks(['link/x', 'plain/x', 'link/x/y'])).toEqual([])
})

it('lets other spellings pass where the receiver cannot tell them apart', () => {
  const alike = ['PLAIN', 'dir/sub/file.txt', 'DIR/SMALL', 'DIR', 'ta\u0308glich/u\u0308', 'TÄGLICH/Ü']
  expect(lacks(alike, true)).toEqual([])
  expect(lacks(['dir/sub/other', 'DIR/small/x', 'none'], true)).toEqual(['dir/sub/other', 'none'])
})

it('sees what came after the scan, and says nothing once the directory is another', () => {
  expect(lacks(['dir/late'])).toEqual(['dir/late'])
  renameSync(join(base, 'src/dir'), join(base, 'src/old'))
  mkdirSync(join(base, 'src/dir'))
  writeFileSync(join(base, 'src/dir/late'), '')
  expect(lacks(['dir/late', 'dir/small', 'old/small'])).toEqual(['dir/small'])
  renameSync(join(base, 'src'), join(base, 'moved'))
  mkdirSync(join(base, 'src'))
  expect(() => lacks(['plain'])).toThrow('replaced')
  rmSync(join(base, 'src'), { recursive: true })
  expect(() => lacks(['plain'])).toThrow()
})

it('does not believe in an empty volume', () => {
  const volume = places.source({ root: join(base, 'elsewhere'), path: '' })
  const options = { identity: identityOf(volume), folded: false, isVolume: true }
  expect(() => whatIsLacking(volume, ['x'], options)).toThrow('empty volume')
  expect(whatIsLacking(volume, ['x'], { ...options, isVolume: false })).toEqual([true])
})
