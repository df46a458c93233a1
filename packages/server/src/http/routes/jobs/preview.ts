import { WaybillError } from '@waybill/api'
import { readPreview } from '../../../jobs/preview/read-preview.js'
import { type Call, demandId, type Route } from '../route.js'

/** What a dry run found. */
export const previewRoutes: readonly Route[] = ['transfer', 'job'].map(
  (name): Route => ({
    method: 'GET',
    uri: `${name}/preview`,
    about:
      'Lists what a dry run found, some thousand entries at a time: `after` is the `next` of the page before. What is up to date is only counted',
    answer:
      '`{entries, totals, next}`: list of `{task, action, path, size, why, message}`, action `new`, `changed` (why: `size`, `time`, `contents`, `kind` or `always`), `deleted`, `skipped` or `failed` (why: the code); files, directories and bytes of each action, of the tasks that end on this page; `next` is null on the last page',
    example: { id: '$transfer', data: {} },
    run: preview,
  }),
)

async function preview(call: Call) {
  const { ctx, fields } = call
  const job = demandId(call)
  await call.entities.engine.demand(ctx, 'transfer', job)
  const row = await ctx.store.db.selectFrom('job').select('dry_run').where('id', '=', job).executeTakeFirst()
  if (row?.dry_run !== 1) {
    throw new WaybillError(
      'bad_request',
      'It is no dry run: make one with `waybill transfer --dry-run` (`dryrun` in scripts), or read its manifest',
    )
  }
  return { result: await readPreview(ctx.store, job, fields.text('after')) }
}
