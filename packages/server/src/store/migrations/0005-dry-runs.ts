import type { TableMaker } from './tables.js'

/** Jobs that only look at what would happen. What they find stands in `manifest`, in place of one. */
export async function dryRuns(make: TableMaker): Promise<void> {
  await make.column('job', 'dry_run', 'integer', 0)
}
