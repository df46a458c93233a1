import { readManifest } from '../../../jobs/manifest/read-manifest.js'
import { type Call, demandId, type Route } from '../route.js'

/** Which files a job brought to their destination. */
export const manifestRoutes: readonly Route[] = ['transfer', 'job'].map(
  (name): Route => ({
    method: 'GET',
    uri: `${name}/manifest`,
    about:
      'Lists the files that a transfer brought to its destination or found there, with their checksums (xxh128), some thousand at a time: `after` is the `next` of the page before',
    answer:
      '`{files, next}`: list of `{task, path, size, modified, state, checksum}`, state `transferred`, `read` or `present`; `next` is null on the last page',
    example: { id: '$transfer', data: {} },
    run: manifest,
  }),
)

async function manifest(call: Call) {
  const { ctx, fields } = call
  const job = demandId(call)
  await call.entities.engine.demand(ctx, 'transfer', job)
  return { result: await readManifest(ctx.store, job, fields.text('after')) }
}
