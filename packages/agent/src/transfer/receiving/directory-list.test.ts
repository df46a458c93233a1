import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Directory, DirectoryList } from './directory-list.js'

let list: DirectoryList
beforeEach(() => {
  list = new DirectoryList()
})
afterEach(() => list.close())

const files = () => readdirSync(tmpdir()).filter((name) => name.startsWith('waybill-directories-'))

const directory = (i: number): Directory => ({
  path: `d\xff\n${i}`,
  mtime: 1_700_000_000_000_000_001n + BigInt(i),
  mode: 0o755,
  ...(i % 3 === 0 && { owner: { uid: i, gid: 1, user: 'ü', group: '' } }),
})

it.each([0, 1, 1999, 2000, 2001, 9000])('has all of %i, as often as it is asked', (count) => {
  for (let i = 0; i < count; i++) list.add(directory(i))
  for (let round = 0; round < 2; round++) {
    let seen = 0
    for (const found of list.all()) {
      expect(found).toMatchObject(directory(seen))
      seen++
    }
    expect(seen).toBe(count)
  }
  expect(list.first).toBe(count === 0 ? undefined : 'd\xff\n0')
})

it('leaves no file behind', () => {
  const before = files().length
  for (let i = 0; i < 4001; i++) list.add(directory(i))
  expect(files().length).toBeGreaterThanOrEqual(1)
  list.close()
  expect(files().length).toBeLessThanOrEqual(before)
})
