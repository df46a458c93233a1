import type { ChainEntry } from '@waybill/api'
import { type MhlHash, mhlHashes } from '@waybill/api'
import { SaxesParser } from 'saxes'

/** A file's checksum as some hash list has it. */
export interface HashSeen {
  readonly path: string
  readonly kind: MhlHash
  readonly value: string
  readonly action: string
}

/** Longest name or checksum; of hash lists that others wrote, too. */
const longestText = 20_000

/** Tells what elements hold as they end: their names from the outermost on, attributes and text. */
function reader(
  ended: (names: readonly string[], attributes: Readonly<Record<string, string>>, text: string) => void,
): SaxesParser<{ xmlns: true }> {
  const parser = new SaxesParser({ xmlns: true })
  const open: { readonly attributes: Record<string, string>; text: string }[] = []
  const names: string[] = []
  parser.on('error', (error) => {
    throw error
  })
  parser.on('doctype', () => {
    throw new Error('A document type is not expected here')
  })
  parser.on('opentag', ({ local, attributes }) => {
    const values = Object.entries(attributes).map(([name, { value }]) => [name, value])
    // What stands between elements is only there for the eye.
    const around = open.at(-1)
    if (around !== undefined) around.text = ''
    names.push(local)
    open.push({ attributes: Object.fromEntries(values) as Record<string, string>, text: '' })
    if (open.length > 20) throw new Error('Too deep')
  })
  const take = (text: string) => {
    const top = open.at(-1)
    if (top === undefined) return
    top.text += text
    if (top.text.length > longestText) throw new Error('Too long a text')
  }
  parser.on('text', take)
  parser.on('cdata', take)
  parser.on('closetag', () => {
    const top = open.pop()
    if (top !== undefined) ended(names, top.attributes, top.text)
    names.pop()
  })
  return parser
}

/**
 * Reads a chain file.
 *
 * @throws Error where it is none
 */
export function parseChain(text: string): ChainEntry[] {
  const entries: ChainEntry[] = []
  let path = ''
  let c4 = ''
  const parser = reader((names, attributes, value) => {
    const [root, list, field] = names
    if (root !== 'ascmhldirectory') throw new Error('Not a chain of ASC MHL')
    if (list !== 'hashlist') return
    if (field === 'path') path = value.trim()
    else if (field === 'c4') c4 = value.trim()
    else if (field === undefined) {
      const number = Number(attributes.sequencenr)
      if (!Number.isSafeInteger(number) || number < 1) throw new Error('A generation without a number')
      entries.push({ number, path, c4 })
      path = ''
      c4 = ''
    }
  })
  parser.write(text).close()
  return entries
}

/** Reads a hash list piece by piece, and tells of each checksum of a file in it. */
export class HashListReader {
  readonly #parser: SaxesParser<{ xmlns: true }>

  constructor(seen: (hash: HashSeen) => void) {
    let path = ''
    let found: Omit<HashSeen, 'path'>[] = []
    this.#parser = reader((names, attributes, text) => {
      const [root, list, entry, field, more] = names
      if (root !== 'hashlist') throw new Error('Not a hash list of ASC MHL')
      if (list !== 'hashes' || entry !== 'hash' || more !== undefined) return
      if (field === 'path') {
        path = text
      } else if (field === undefined) {
        for (const hash of found) seen({ path, ...hash })
        path = ''
        found = []
      } else if (isKind(field)) {
        found.push({ kind: field, value: text.trim(), action: attributes.action ?? '' })
      }
    })
  }

  /** @throws Error where it is none */
  push(text: string): void {
    this.#parser.write(text)
  }

  /** @throws Error where it is not complete */
  end(): void {
    this.#parser.close()
  }
}

function isKind(name: string): name is MhlHash {
  return mhlHashes.some((kind) => kind === name)
}
