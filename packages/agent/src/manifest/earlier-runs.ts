import { readdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { hash128 } from '../transfer/hash.js'
import { LineIndex } from './line-index.js'

const recordName = /^(\d{1,15})-(\d{1,15})\.lines$/

/** The directory of a job's records; its name is safe whatever the job is called. */
export function recordsOf(directory: string, job: string): string {
  return join(directory, hash128(Buffer.from(job)).toString('hex'))
}

/** The name of a run's record, which says when it began (milliseconds since 1970). */
export function recordOf(run: number, began: number): string {
  return `${run}-${began}.lines`
}

/** What earlier runs of a job, which did not get to its end, wrote down on this machine. */
export class EarlierRuns {
  /** When the first of them began, milliseconds since 1970. */
  readonly began: number
  readonly #files: readonly string[]
  #index: Promise<LineIndex | undefined> | undefined

  private constructor(files: readonly string[], began: number) {
    this.#files = files
    this.began = began
  }

  /** Undefined when there are none. Records of this run or a later one are of another life, and go. */
  static find(directory: string, run: number): EarlierRuns | undefined {
    const found: { readonly run: number; readonly began: number; readonly file: string }[] = []
    for (const name of namesIn(directory)) {
      const [, number, began] = recordName.exec(name) ?? []
      if (number === undefined || began === undefined) continue
      const file = join(directory, name)
      if (Number(number) < run) found.push({ run: Number(number), began: Number(began), file })
      else unlinkSync(file)
    }
    if (found.length === 0) return undefined
    found.sort((a, b) => a.run - b.run)
    const files = found.map(({ file }) => file)
    return new EarlierRuns(files, Math.min(...found.map(({ began }) => began)))
  }

  /** Undefined when they cannot be read. */
  index(): Promise<LineIndex | undefined> {
    this.#index ??= LineIndex.over(this.#files).catch(() => undefined)
    return this.#index
  }

  async close(): Promise<void> {
    const index = await this.#index
    this.#index = undefined
    index?.close()
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
