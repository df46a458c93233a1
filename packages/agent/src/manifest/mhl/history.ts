import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import type { ChainEntry, MhlHash } from '@waybill/api'
import { type BytePath, joinPath } from '@waybill/asc'
import type { DirectoryTree } from '../../platform/directory-tree.js'
import { errno, Fault } from '../../transfer/fault.js'
import { hash128 } from '../../transfer/hash.js'
import { chainName } from './chain.js'
import { HashListReader, parseChain } from './read-xml.js'

/** Longest chain that is read, bytes: some hundred thousand generations. */
const longestChain = 64 * 1024 * 1024
/** Generations that are looked through, the latest ones. Each of a whole directory repeats what came before. */
const generations = 20
const blockBytes = 256 * 1024
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** The generations that a directory `ascmhl` has. Throws a fault where its chain cannot be understood. */
export function readChain(tree: DirectoryTree, folder: BytePath): ChainEntry[] {
  let fd: number
  try {
    fd = openSync(tree.at(joinPath(folder, chainName)), flags)
  } catch (error) {
    if (errno(error) === 'ENOENT') return []
    throw error
  }
  try {
    if (fstatSync(fd).size > longestChain) throw new Error('It is too long')
    return parseChain(readFileSync(fd, 'utf8'))
  } catch (error) {
    const why = error instanceof Error ? error.message.replaceAll('\n', ' ') : String(error)
    throw new Fault('E#J057', `No generation is added to ascmhl: its chain cannot be understood: ${why}`)
  } finally {
    closeSync(fd)
  }
}

const fewestSlots = 1024
const mostSlots = 2 ** 22
const slotBytes = 16

/** The latest checksums of one kind that a history has of files. What does not fit into its bounds is not known. */
export class History {
  #slots = fewestSlots
  /** Per slot, where it is used: half a hash of the path, half a hash of the checksum. */
  #table = Buffer.alloc(fewestSlots * slotBytes)
  #used = 0

  /** `unread` is told of lists that are not there, or cannot be understood. */
  static async read(
    tree: DirectoryTree,
    folder: BytePath,
    chain: readonly ChainEntry[],
    kind: MhlHash,
    unread: (name: string) => void,
  ): Promise<History> {
    const history = new History()
    for (const { path } of chain.slice(-generations)) {
      // Whatever stands in a chain, it leads to nothing but the files beside it.
      const isName = path !== '' && !path.includes('/') && !path.includes('\0')
      const at = joinPath(folder, Buffer.from(path).toString('latin1'))
      if (!isName || !(await history.#readList(tree, at, kind))) unread(path)
    }
    return history
  }

  /** Whether a file has this checksum; undefined where none is known. */
  isSame(path: string, value: string): boolean | undefined {
    const key = half(path)
    const slot = this.#find(key)
    if (this.#isFree(slot)) return undefined
    return this.#table.readBigUInt64LE(slot * slotBytes + 8) === half(value.toLowerCase())
  }

  async #readList(tree: DirectoryTree, path: BytePath, kind: MhlHash): Promise<boolean> {
    let fd: number
    try {
      fd = openSync(tree.at(path), flags)
    } catch {
      return false
    }
    try {
      const reader = new HashListReader((seen) => {
        if (seen.kind === kind && seen.action !== 'failed') this.#set(seen.path, seen.value)
      })
      const decoder = new StringDecoder('utf8')
      const block = Buffer.allocUnsafe(blockBytes)
      for (let length = readSync(fd, block); length > 0; length = readSync(fd, block)) {
        reader.push(decoder.write(block.subarray(0, length)))
        await new Promise(setImmediate)
      }
      reader.push(decoder.end())
      reader.end()
      return true
    } catch {
      // What it said up to there is known.
      return false
    } finally {
      closeSync(fd)
    }
  }

  #set(path: string, value: string): void {
    const key = half(path)
    let slot = this.#find(key)
    if (this.#isFree(slot)) {
      if (this.#used * 2 >= this.#slots) {
        if (this.#slots >= mostSlots) return
        this.#grow()
        slot = this.#find(key)
      }
      this.#used++
      this.#table.writeBigUInt64LE(key, slot * slotBytes)
    }
    this.#table.writeBigUInt64LE(half(value.toLowerCase()), slot * slotBytes + 8)
  }

  #isFree(slot: number): boolean {
    return this.#table.readBigUInt64LE(slot * slotBytes) === 0n
  }

  #find(key: bigint): number {
    let slot = Number(key & BigInt(this.#slots - 1))
    while (!this.#isFree(slot) && this.#table.readBigUInt64LE(slot * slotBytes) !== key) {
      slot = (slot + 1) % this.#slots
    }
    return slot
  }

  #grow(): void {
    const old = this.#table
    const count = this.#slots
    this.#slots *= 2
    this.#table = Buffer.alloc(this.#slots * slotBytes)
    for (let at = 0; at < count; at++) {
      const key = old.readBigUInt64LE(at * slotBytes)
      if (key === 0n) continue
      old.copy(this.#table, this.#find(key) * slotBytes, at * slotBytes, (at + 1) * slotBytes)
    }
  }
}

/** Never 0, which is nothing. */
function half(text: string): bigint {
  return hash128(Buffer.from(text)).readBigUInt64LE(0) || 1n
}
