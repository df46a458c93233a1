import type { TaskOptions } from '@waybill/api'
import type { Entry } from '@waybill/asc'
import type { FileStatus } from '../platform/file-status.js'
import { sameTime } from './times.js'

/** In what a file differs from its source; `unknown` until their contents were compared. */
export type Difference = 'size' | 'time' | 'always' | 'unknown'

/** In what a file at the destination differs from its source, as `transfer_comparison` has it; undefined in nothing. */
export function differenceOf(
  stat: FileStatus,
  { size, mtime }: Pick<Entry, 'size' | 'mtime'>,
  comparison: TaskOptions['comparison'],
): Difference | undefined {
  const otherSize = Number(stat.size) === size ? undefined : 'size'
  const isSameTime = sameTime(stat.mtimeNs, mtime)
  switch (comparison) {
    case 'size_mtime':
      return otherSize ?? (isSameTime ? undefined : 'time')
    case 'size':
      return otherSize
    case 'newer':
      if (isSameTime) return otherSize
      return stat.mtimeNs > mtime ? undefined : 'time'
    case 'checksum':
      return otherSize ?? (size === 0 ? undefined : 'unknown')
    case 'always':
      return 'always'
  }
}
