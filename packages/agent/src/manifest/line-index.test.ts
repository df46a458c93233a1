import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ManifestLine, printManifestLine } from '@waybill/api'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tempDirectory } from '../../../testkit/src/temp.js'
import { LineIndex } from './line-index.js'

const line = (task: number, path: string, size: number): ManifestLine => ({
  task,
  path,
  size,
  mtime: '1',
  state: 'present',
  checksum: null,
})

describe('an index of lines', () => {
  it('finds what is there and nothing else, whatever the names', async () => {
    const directory = tempDirectory('lines')
    const name = fc.string({ unit: fc.oneof(fc.constantFrom('"', '\\', '\n', 'a', 'é'), fc.string()) })
    const entries = fc.uniqueArray(fc.tuple(fc.nat(3), name), { selector: String, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(entries, entries, async (first, second) => {
        const files = [first, second].map((list, at) => {
          const file = join(directory, String(at))
          writeFileSync(file, list.map(([task, path]) => printManifestLine(line(task, path, at))).join(''))
          return file
        })
        const index = await LineIndex.over(files)
        for (const [task, path] of [...first, ...second, [9, 'none']] as const) {
          const has = (list: typeof first) => list.some((one) => one[0] === task && one[1] === path)
          const sizes = [...(has(first) ? [0] : []), ...(has(second) ? [1] : [])]
          const found = index.find(task, path, undefined)
          expect(found.map(({ size }) => size).sort()).toEqual(sizes)
        }
        index.close()
      }),
      { numRuns: 40 },
    )
  })

  it('passes over a line that a kill cut short', async () => {
    const file = join(tempDirectory('lines'), 'a')
    writeFileSync(file, printManifestLine(line(0, 'a', 1)))
    appendFileSync(file, '[0,"b",1')
    const index = await LineIndex.over([file])
    expect(index.find(0, 'a', undefined)).toHaveLength(1)
    expect(index.find(0, 'b', undefined)).toEqual([])
    index.close()
  })
})
