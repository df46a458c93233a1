import { WaybillError } from '@waybill/api'
import { segments } from '../access/grants.js'
import { absolutePath } from '../jobs/runs/locate.js'
import type { WorkspaceStore } from '../store/store.js'
import type { FilePlace } from './place.js'

/**
 * Refuses to delete or move the directory of a share, or one that such a directory lies in: who shares it has to
 * end that first. Says nothing of the share, which the caller may know nothing of.
 */
export async function refuseRoots(store: WorkspaceStore, { share, client, root, path, text }: FilePlace) {
  if (share === undefined || root === null) return
  if (share.names.length === 0 || share.below.length === 0) {
    throw new WaybillError('forbidden', `${text} is the directory of a share, which is not deleted or moved`)
  }
  const beneath = await store.db
    .selectFrom('share')
    .select('path')
    .where('parent', '=', share.volume.id)
    .where('kind', 'in', ['folder', 'home'])
    .execute()
  const served = await store.db
    .selectFrom('share_server')
    .select('path')
    .where('client', '=', client.id)
    .where('share', '<>', share.volume.id)
    .execute()
  const own = namesOf(absolutePath({ root, path }))
  const holds =
    beneath.some((other) => isWithin(segments(other.path) ?? [], share.below)) ||
    served.some((other) => isWithin(namesOf(other.path), own))
  if (holds) {
    const words = `${text} is or holds the directory of a share, which is not deleted or moved`
    throw new WaybillError('forbidden', words)
  }
}

function namesOf(path: string): string[] {
  return path.split(/[\\/]+/).filter((name) => name !== '')
}

/** In any case, since some storages know no case. */
function isWithin(names: readonly string[], above: readonly string[]): boolean {
  const plain = (name: string | undefined): string | undefined => name?.normalize('NFKC').toLowerCase()
  return names.length > 0 && above.every((name, index) => plain(name) === plain(names[index]))
}
