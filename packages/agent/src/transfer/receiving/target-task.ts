import { fullOptions, type SessionTask, type TaskOptions } from '@waybill/api'
import type { BytePath } from '@waybill/asc'
import type { Owners } from '../../platform/owners.js'
import { type FileFilter, filterOf } from '../../scan/filter.js'
import { type Fault, faultOf } from '../fault.js'
import type { PartOptions } from '../partial.js'
import type { Place, Places } from '../place.js'
import { type Attributes, attributesOf } from './attributes.js'
import { DirectoryList } from './directory-list.js'
import { FreshDirectories } from './fresh-directories.js'

/** A task as its receiver knows it; without a place it has failed. */
export interface TargetTask {
  readonly task: SessionTask
  readonly place: Place | undefined
  readonly options: TaskOptions
  readonly attributes: Attributes
  /** What may be deleted, where the source lacks it. */
  readonly filter: FileFilter
  /** Those that came so far, whose attributes are set at the end. */
  readonly directories: DirectoryList
  readonly fresh: FreshDirectories
}

/** One whose place is known. */
export type Placed = TargetTask & { readonly place: Place }

export function isPlaced(known: TargetTask): known is Placed {
  return known.place !== undefined
}

/** Finds the place of a task, or why it has none. */
export function targetTask(
  task: SessionTask,
  places: Places,
  owners: Owners,
): { readonly known: TargetTask; readonly fault?: Fault } {
  const options = fullOptions(task.options)
  const known = {
    task,
    options,
    attributes: attributesOf(options, owners),
    filter: nothing,
    directories: new DirectoryList(),
    fresh: new FreshDirectories(),
  }
  try {
    const filter = options.mode === 'onewaysync' ? filterOf(task.include, task.exclude) : nothing
    const place = options.dryRun ? places.peek(task.location) : places.target(task.location)
    return { known: { ...known, filter, place } }
  } catch (error) {
    const fault = faultOf(error, 'write', `Cannot write to ${task.location.path}`)
    return { known: { ...known, place: undefined }, fault }
  }
}

const nothing: FileFilter = () => false

export function partOptions({ options, attributes }: Placed): PartOptions {
  const checksum = options.manifest !== 'none' || options.mhl !== null
  return { resumeFrom: options.resumeFrom, attributes, checksum }
}

/** What writers of one file wait for each other by. */
export function lockKey(place: Place, target: BytePath): string {
  const root = Buffer.from(place.tree.path).toString('latin1')
  return `${root.endsWith('/') ? root.slice(0, -1) : root}/${target}`
}
