// @ts-check
import { allows } from '@waybill/api'
import { openStore } from '@waybill/server'
// Not for others to use, but this is what is measured.
import { loadRights, scopeOf } from '../../../packages/server/dist/access/rights.js'
import { timesOf } from './calls.js'

/**
 * What it takes to read a user's ACLs and work them into rights, and to decide by them, in this process and
 * without a wire. Milliseconds.
 * @param {string} data the directory of the installation, which no server uses
 * @param {string} email
 * @param {{ acls: number, tries: number }} load
 * @returns {Promise<[string, number[]][]>}
 */
export async function evaluationTimes(data, email, { acls, tries }) {
  const store = await openStore({ data })
  try {
    const { workspace, id, account } = await store.installation
      .selectFrom('user')
      .select(['workspace', 'id', 'account'])
      .where('code', '=', email)
      .executeTakeFirstOrThrow()
    const { db } = store.workspace(workspace)
    const volume = await db
      .selectFrom('share')
      .select('id')
      .where('code', '=', 'storage')
      .executeTakeFirstOrThrow()
    const caller = { account, user: id, email, role: /** @type {const} */ ('standard') }
    const rights = await loadRights(db, caller)
    const loading = await timesOf(tries, () => loadRights(db, caller))
    const scope = scopeOf(rights, volume.id)
    const each = 1000
    const deciding = await timesOf(tries, () => {
      for (let index = 0; index < each; index += 1) {
        const allowed = allows(scope, ['shows', `show${index % acls}`, 'in', 'today', 'a.mov'], 'read')
        if (!allowed) throw new Error('The rights are not those that were granted')
      }
    })
    return [
      [`in process: reading ${acls} ACLs and working them into rights`, loading],
      [`in process: one decision by them`, deciding.map((time) => time / each)],
    ]
  } finally {
    await store.close()
  }
}
