import type { Hash } from '../data-frames.js'
import type { Entry } from '../entries/entry.js'
import type { LinkGroup } from '../entries/links.js'
import type { ZeroDigests } from '../entries/zeros.js'
import { chunkCount, chunkLength, digestBytes } from '../limits.js'
import { showPath } from '../paths.js'
import { ProtocolError } from '../protocol-error.js'

/** Something of a task that was left out or failed. */
export interface Detail {
  readonly path: string
  readonly code: string
  readonly message: string
}

const maxDetails = 100

/** What became of a task. */
export interface TaskOutcome {
  readonly index: number
  readonly status: 'done' | 'failed' | 'cancelled'
  readonly size: number
  readonly sent: number
  readonly skipped: number
  readonly files: number
  readonly time: number
  readonly code: string | null
  readonly message: string | null
  readonly details: readonly Detail[]
}

/** One task as its receiver sees it: totals, and what is still open. */
export class IncomingTask {
  readonly index: number
  readonly since: number
  /** Entries that are not settled. */
  readonly open = new Set<IncomingFile>()
  scanned = false
  /** All entries are settled; what the source lacks is deleted, the directories get their times. */
  closing = false
  /** How many paths each question about the source holds that is not answered yet. */
  readonly asked: number[] = []
  bytes = 0
  sent = 0
  skipped = 0
  files = 0
  size = 0
  /** Is told of every note and failure as it comes, however many there are. */
  onNote: ((path: string, code: string, message: string) => void) | undefined
  #failures = 0
  #fault: { code: string; message: string } | undefined
  readonly #details: Detail[] = []
  /** Files with several names, by the entry of their first. */
  readonly links = new Map<number, LinkGroup>()

  constructor(index: number, now: number) {
    this.index = index
    this.since = now
  }

  /** A file or directory failed, or (code W...) was left out as it should be. */
  note(path: string, code: string, message: string): void {
    this.onNote?.(path, code, message)
    if (this.#details.length < maxDetails) this.#details.push({ path: showPath(path), code, message })
    if (code.startsWith('W')) return
    this.#failures++
    this.#fault ??= { code, message }
  }

  /** Something that people should know of, and that is as it should be. */
  tell(path: string, message: string): void {
    if (this.#details.length < maxDetails) this.#details.push({ path: showPath(path), code: '', message })
  }

  /** The task as a whole failed, whatever was sent. */
  fail(code: string, message: string): void {
    this.onNote?.('', code, message)
    this.#failures++
    this.#fault = { code, message }
  }

  /** Whether anything of it failed so far; warnings are no failures. */
  get hasFailed(): boolean {
    return this.#failures > 0
  }

  outcome(cancelled: boolean, now: number): TaskOutcome {
    const { index, size, sent, skipped, files } = this
    const status = cancelled ? 'cancelled' : this.#failures > 0 ? 'failed' : 'done'
    const more = this.#failures > 1 ? ` (and ${this.#failures - 1} more)` : ''
    return {
      index,
      status,
      size,
      sent,
      skipped,
      files,
      time: Math.max(0, Math.round(now - this.since)),
      code: this.#fault?.code ?? null,
      message: this.#fault === undefined ? null : `${this.#fault.message}${more}`,
      details: this.#details,
    }
  }
}

/** A file or directory that the sender announced and that is not settled yet. */
export class IncomingFile {
  readonly entry: Entry
  readonly task: IncomingTask
  /**
   * `checking` what is there already, `comparing` it with the source, `wanted`, or `committing`: all bytes are
   * there.
   */
  state: 'checking' | 'comparing' | 'wanted' | 'committing' = 'checking'
  /** The task is over or the sender withdrew it: what still arrives for it is for nothing. */
  dropped = false
  /** The other names of it. */
  group: LinkGroup | undefined
  /** xxh128 of its contents at this side in hexadecimal digits, as soon as it is known. */
  checksum: string | undefined
  #digests: Buffer | undefined
  #have: Uint8Array | undefined
  #arrived: Uint8Array | undefined
  #written = 0
  #end: Buffer | undefined

  constructor(entry: Entry, task: IncomingTask) {
    this.entry = entry
    this.task = task
  }

  get chunks(): number {
    return chunkCount(this.entry.size)
  }

  /** This side holds chunk `index` already, with this digest. */
  hold(index: number, digest: Buffer): void {
    digest.copy(this.#digestsOf(), index * digestBytes)
    this.#have ??= new Uint8Array(this.chunks)
    this.#have[index] = 1
  }

  /** What is held is not of this file after all. */
  forgetHeld(): void {
    this.#have = undefined
    this.#digests = undefined
  }

  /** Chunks that are held, as runs of digests that fit a frame. */
  *held(maxRun: number): Generator<{ readonly start: number; readonly digests: Buffer }> {
    const have = this.#have
    if (have === undefined) return
    for (let start = 0; start < have.length; start++) {
      let end = start
      while (end < have.length && have[end] === 1 && end - start < maxRun) end++
      if (end === start) continue
      yield { start, digests: this.#digestsOf().subarray(start * digestBytes, end * digestBytes) }
      start = end - 1
    }
  }

  /** The sender confirms that what is held of chunk `index` is right. Answers with its length. */
  confirm(index: number): number {
    if (this.#have?.[index] !== 1)
      throw new ProtocolError('state', 'a chunk is confirmed that was never held')
    this.#arrive(index)
    this.#written++
    return chunkLength(this.entry.size, index)
  }

  /** Takes the digest of a chunk that arrived, once. */
  arrive(index: number, length: number, digest: Buffer): void {
    if (index >= this.chunks) throw new ProtocolError('limit', 'a chunk beyond the end of the file')
    if (length !== chunkLength(this.entry.size, index)) {
      throw new ProtocolError('limit', 'a chunk has not the length that it must have')
    }
    this.#arrive(index)
    digest.copy(this.#digestsOf(), index * digestBytes)
  }

  /** Chunk `index` was no use as it came, and comes once more. */
  expectAgain(index: number): void {
    if (this.#arrived !== undefined) this.#arrived[index] = 0
  }

  /** The digest that came with chunk `index`. */
  digestOf(index: number): Buffer {
    return this.#digestsOf().subarray(index * digestBytes, (index + 1) * digestBytes)
  }

  /** Takes chunks that are nothing but zeros. */
  arriveAsZeros(start: number, count: number, digests: ZeroDigests): void {
    if (count === 0 || start + count > this.chunks) {
      throw new ProtocolError('limit', 'a chunk beyond the end of the file')
    }
    for (let index = start; index < start + count; index++) {
      const length = chunkLength(this.entry.size, index)
      this.arrive(index, length, digests.of(length))
    }
  }

  /** So many chunks are written, or known to be zeros. */
  written(chunks = 1): void {
    this.#written += chunks
  }

  end(digest: Buffer): void {
    if (this.#end !== undefined) throw new ProtocolError('state', 'a file ended twice')
    this.#end = Buffer.from(digest)
  }

  /** Whether every chunk is written and the sender said that this was all. */
  get complete(): boolean {
    return this.#end !== undefined && this.#written === this.chunks
  }

  /** Whether the chunks are together what the sender read. */
  verify(hash: Hash): boolean {
    return this.#end?.equals(hash(this.#digestsOf())) === true
  }

  #arrive(index: number): void {
    this.#arrived ??= new Uint8Array(this.chunks)
    if (this.#arrived[index] === 1) throw new ProtocolError('state', 'a chunk came twice')
    this.#arrived[index] = 1
  }

  #digestsOf(): Buffer {
    this.#digests ??= Buffer.alloc(this.chunks * digestBytes)
    return this.#digests
  }
}
