import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { tempDirectory } from '../../../testkit/src/temp.js'
import { DirectoryTree } from './directory-tree.js'
import { demandSpelling, takesOtherSpellings } from './spelling.js'

/** A storage that knows no case, which tests cannot rely on: all names of the tree are in lower case. */
class CaselessTree extends DirectoryTree {
  override at(path: string, create = false) {
    return super.at(path.toLowerCase(), create)
  }
  override directory(path: string, create = false) {
    return super.directory(path.toLowerCase(), create)
  }
}

it('takes names as they stand on the disk, and those that are not there', () => {
  const root = tempDirectory('spelling')
  mkdirSync(join(root, 'homes', 'lisa'), { recursive: true })
  writeFileSync(join(root, 'homes', 'lisa', 'a'), '')
  const tree = new CaselessTree(root)
  try {
    for (const path of ['homes', 'homes/lisa/a', 'none', 'homes/none/x']) {
      expect(() => demandSpelling(tree, path), path).not.toThrow()
    }
    for (const path of ['HOMES', 'Homes/lisa', 'homes/LISA/a', 'homes/lisa/A', 'HOMES/none']) {
      expect(() => demandSpelling(tree, path), path).toThrow('ENOENT')
    }
  } finally {
    tree.close()
  }
})

it.runIf(process.platform === 'linux')('costs nothing where there is but one spelling', () => {
  expect(takesOtherSpellings('/proc')).toBe(false)
})
