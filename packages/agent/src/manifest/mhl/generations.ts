import { type BigIntStats, lstatSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ManifestLine, MhlHash } from '@waybill/api'
import { type BytePath, baseName, type IncomingTask, joinPath, parentPath } from '@waybill/asc'
import { faultOf } from '../../transfer/fault.js'
import type { Locks } from '../../transfer/locks.js'
import type { Place } from '../../transfer/place.js'
import { lockKey, type Placed } from '../../transfer/receiving/target-task.js'
import { sameTime } from '../../transfer/times.js'
import type { LineIndex } from '../line-index.js'
import type { Manifest } from '../manifest.js'
import { manifestName } from '../names.js'
import { historyName } from './chain.js'
import { type GenerationHost, type Known, writeGeneration } from './generation.js'
import { type Step, walk } from './walk.js'

/** Tasks of single files that end within this time, milliseconds, have a generation together. */
const gatherMs = 250

interface Single {
  readonly task: IncomingTask
  readonly known: Placed
  readonly isAlive: () => boolean
  readonly done: () => void
}

/** The ASC MHL generations of one session: one of each directory that came, and one of files that came together. */
export class Generations {
  readonly #manifest: Manifest
  readonly #locks: Locks
  readonly #gathering = new Map<string, Single[]>()

  constructor(manifest: Manifest, locks: Locks) {
    this.#manifest = manifest
    this.#locks = locks
  }

  /** The one of a task that is a directory, whose failure is the task's. Never rejects. */
  async ofDirectory(task: IncomingTask, known: Placed, isAlive: () => boolean): Promise<void> {
    const { place, directories } = known
    if (!isWanted(task, known) || isFile(place)) return
    // Of a sequence, which has no directory of its own, only what came.
    await this.#ofTree(task, known, isAlive, directories.first !== place.base)
  }

  /** The same for a file, undefined when the task is none; others that end soon have it together. */
  ofFile(task: IncomingTask, known: Placed, isAlive: () => boolean): Promise<void> | undefined {
    const { place, options } = known
    if (!isWanted(task, known) || !isFile(place)) return undefined
    const key = `${options.mhl ?? ''} ${lockKey(place, parentPath(place.base))}`
    return new Promise((done) => {
      const one = { task, known, isAlive, done }
      const group = this.#gathering.get(key)
      if (group !== undefined) {
        group.push(one)
        return
      }
      this.#gathering.set(key, [one])
      void sleep(gatherMs).then(() => this.#ofFiles(key))
    })
  }

  /** `only`: the files of the task alone, which are some among others. */
  async #ofTree(task: IncomingTask, known: Placed, isAlive: () => boolean, only: boolean): Promise<void> {
    const { place } = known
    let index: LineIndex | undefined
    await this.#locked(
      place,
      [task],
      async (mhl) => {
        index = await this.#manifest.linesOf(task.index)
        const lineOf = (path: BytePath, stat: BigIntStats) => {
          const { path: name, bytes } = manifestName(place, path)
          return index?.find(task.index, name, bytes).find((line) => isAs(line, stat))
        }
        const host = hostOf((path, stat) => knownOf(lineOf(path, stat)), task, isAlive)
        const some = only ? among(place, (path, stat) => lineOf(path, stat) !== undefined) : undefined
        await writeGeneration(place, mhl, host, some)
      },
      known.options.mhl,
    )
    index?.close()
  }

  async #ofFiles(key: string): Promise<void> {
    const group = this.#gathering.get(key) ?? []
    this.#gathering.delete(key)
    const [first] = group
    if (first === undefined) return
    const { tree, base } = first.known.place
    const place = { tree, base: parentPath(base) }
    const byName = new Map(group.map(({ task, known }) => [baseName(known.place.base), task]))
    await this.#locked(
      place,
      group.map(({ task }) => task),
      async (mhl) => {
        const host: GenerationHost = {
          isAlive: () => group.some((one) => one.isAlive()),
          known: (path, stat) => {
            const task = byName.get(path)
            const line = task === undefined ? undefined : this.#manifest.single(task.index)
            return line !== undefined && isAs(line, stat) ? knownOf(line) : undefined
          },
          warn: (path, code, words) => (byName.get(path) ?? first.task).note('', code, words),
        }
        await writeGeneration(place, mhl, host, named(place, [...byName.keys()].sort()))
      },
      first.known.options.mhl,
    )
    for (const { done } of group) done()
  }

  async #locked(
    place: Place,
    tasks: readonly IncomingTask[],
    write: (kind: MhlHash) => Promise<void>,
    kind: MhlHash | null,
  ): Promise<void> {
    if (kind === null) return
    const unlock = await this.#locks.take(lockKey(place, joinPath(place.base, historyName)))
    try {
      await write(kind)
    } catch (error) {
      const { code, message } = faultOf(error, 'write', 'Cannot write the ASC MHL')
      for (const task of tasks) task.fail(code, message)
    } finally {
      unlock()
    }
  }
}

/** By its options, and by what became of it. */
function isWanted(task: IncomingTask, { options }: Placed): boolean {
  return options.mhl !== null && !options.dryRun && !task.hasFailed
}

function hostOf(known: GenerationHost['known'], task: IncomingTask, isAlive: () => boolean): GenerationHost {
  return { known, isAlive, warn: (path, code, words) => task.note(path, code, words) }
}

function knownOf(line: ManifestLine | undefined): Known | undefined {
  if (line === undefined || line.checksum === null) return undefined
  return { checksum: line.checksum, isNew: line.state === 'transferred' }
}

/** Whether a line is of the file as it is now. */
function isAs({ size, mtime }: ManifestLine, stat: BigIntStats): boolean {
  return BigInt(size) === stat.size && sameTime(BigInt(mtime), stat.mtimeNs)
}

function isFile({ tree, base }: Place): boolean {
  if (base === '') return false
  return lstatSync(tree.at(base), { throwIfNoEntry: false })?.isFile() === true
}

async function* among(
  place: Place,
  isMeant: (path: BytePath, stat: BigIntStats) => boolean,
): AsyncGenerator<Step, void, void> {
  for await (const step of walk(place, false))
    if (step.kind === 'file' && isMeant(step.path, step.stat)) yield step
}

// eslint-disable-next-line @typescript-eslint/require-await -- the same shape as a walk
async function* named({ tree, base }: Place, names: readonly BytePath[]): AsyncGenerator<Step, void, void> {
  for (const name of names) {
    const stat = lstatSync(tree.at(joinPath(base, name)), { bigint: true, throwIfNoEntry: false })
    if (stat?.isFile() === true) yield { kind: 'file', path: name, name, stat }
  }
}
