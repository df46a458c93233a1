import { appendFile, rm, utimes } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { tempDirectory } from './temp.js'
import { differences, makeOddTree, makeSequence, readTree } from './trees.js'

test('a tree equals itself, and a change, a loss and a new date show', async () => {
  const root = tempDirectory()
  await makeSequence(root, 'a.%04d.exr', [9, 11], 100)
  const before = await readTree(root)
  expect([...before.keys()].sort()).toEqual(['a.0009.exr', 'a.0010.exr', 'a.0011.exr'])
  expect(differences(before, await readTree(root))).toEqual([])

  await appendFile(`${root}/a.0009.exr`, 'x')
  await rm(`${root}/a.0010.exr`)
  await utimes(`${root}/a.0011.exr`, 1, 1)
  const lines = differences(before, await readTree(root))
  expect(lines).toHaveLength(3)
  expect(lines.join()).toMatch(/101 bytes instead of 100.*missing.*modified 1000/)
})

test('an odd tree holds names that are no UTF-8, and each of its files has content of its own', async () => {
  const root = tempDirectory()
  await makeOddTree(`${root}/odd`)
  const tree = await readTree(`${root}/odd`)
  const files = [...tree].filter(([, entry]) => entry.kind === 'file' && entry.size > 100)
  expect(new Set(files.map(([, entry]) => entry.content)).size).toBe(files.length)
  expect(tree.has('names/\xff\xfe\x80.bin')).toBe(process.platform === 'linux')
  expect(tree.get('empty/directory/in/a/directory')?.kind).toBe('directory')
})
