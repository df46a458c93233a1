import { formatDate, type WalkEntry } from '@waybill/api'

/** What clients are told that an entry is. */
const types = { directory: 0, file: 1 } as const

/**
 * Makes the JSON of a listing out of entries as they come: `{type, filename, size, modified}`, in a recursive
 * listing with `files` in every directory. Holds nothing but the directories that are open.
 */
export class ListingText {
  readonly #recursive: boolean
  /** Whether something stands already in each of the lists that are open. */
  readonly #filled = [false]

  constructor(recursive: boolean) {
    this.#recursive = recursive
  }

  start(): string {
    return '['
  }

  add(entries: readonly WalkEntry[]): string {
    return entries.map((entry) => this.#one(entry)).join('')
  }

  end(): string {
    return ']'
  }

  #one(entry: WalkEntry): string {
    if (entry.type === 'leave') {
      this.#filled.pop()
      return `],"size":${entry.size}}`
    }
    const comma = this.#filled.at(-1) === true ? ',' : ''
    this.#filled[this.#filled.length - 1] = true
    const modified = formatDate(entry.modified)
    if (entry.type === 'enter') {
      this.#filled.push(false)
      const head = JSON.stringify({ type: types.directory, filename: entry.name, modified })
      return `${comma}${head.slice(0, -1)},"files":[`
    }
    const { type, name, size } = entry
    const files = type === 'directory' && this.#recursive ? { files: [] } : {}
    return comma + JSON.stringify({ type: types[type], filename: name, size, modified, ...files })
  }
}
