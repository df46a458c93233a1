import { integer, partOf, type TableMaker, text } from './tables.js'

/** Which files a job brought to their destination, in pieces as its agents tell them. */
export async function manifests(make: TableMaker): Promise<void> {
  await make.table(
    'manifest',
    { workspace: text, job: partOf('job'), run: integer, seq: integer, lines: text },
    ['workspace', 'job', 'run', 'seq'],
  )
}
