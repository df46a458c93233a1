import type { MhlHash } from '@waybill/api'
import { newChecksum } from '../checksums.js'
import { digestOfC4 } from './c4.js'

/**
 * Digests whose common one does not depend on the order in which they were found: sorted, one behind the other, and
 * hashed again, as ASC MHL does for directories. Packed, since a directory may hold a million files.
 */
class DigestList {
  readonly #kind: MhlHash
  #bytes = Buffer.alloc(0)
  #length = 0
  #size = 0

  constructor(kind: MhlHash) {
    this.#kind = kind
  }

  /** Adds a checksum as people write it. */
  add(value: string): void {
    const digest = bytesOf(this.#kind, value)
    this.#size = digest.length
    if (this.#length + digest.length > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(1024, this.#bytes.length * 2))
      this.#bytes.copy(larger)
      this.#bytes = larger
    }
    digest.copy(this.#bytes, this.#length)
    this.#length += digest.length
  }

  done(): string {
    const size = this.#size
    const bytes = this.#bytes
    const order = new Uint32Array(size === 0 ? 0 : this.#length / size).map((_, at) => at)
    order.sort((a, b) => bytes.compare(bytes, b * size, (b + 1) * size, a * size, (a + 1) * size))
    const sum = newChecksum(this.#kind)
    for (const at of order) sum.update(bytes.subarray(at * size, (at + 1) * size))
    return sum.done()
  }
}

function bytesOf(kind: MhlHash, value: string): Buffer {
  return kind === 'c4' ? (digestOfC4(value) ?? Buffer.alloc(64)) : Buffer.from(value, 'hex')
}

/** The checksum of some text. */
function checksumOf(kind: MhlHash, text: string): string {
  const sum = newChecksum(kind)
  sum.update(Buffer.from(text))
  return sum.done()
}

/** The checksums of one directory, of what was added of it. */
export class DirectoryDigest {
  readonly #kind: MhlHash
  readonly #content: DigestList
  readonly #structure: DigestList

  constructor(kind: MhlHash) {
    this.#kind = kind
    this.#content = new DigestList(kind)
    this.#structure = new DigestList(kind)
  }

  addFile(name: string, value: string): void {
    this.#content.add(value)
    this.#structure.add(checksumOf(this.#kind, name))
  }

  /** Its content counts like that of a file; its name together with how it is built. */
  addDirectory(name: string, { content, structure }: { content: string; structure: string }): void {
    this.#content.add(content)
    const both = new DigestList(this.#kind)
    both.add(checksumOf(this.#kind, name))
    both.add(structure)
    this.#structure.add(both.done())
  }

  done(): { readonly content: string; readonly structure: string } {
    return { content: this.#content.done(), structure: this.#structure.done() }
  }
}
