import { isEntityId } from '@waybill/api'
import { quote, type Session, type Transfer } from '@waybill/sdk'
import { badInput } from '../../exit.js'

/** The job that somebody means by an id or a name. Throws bad input when there is none, or more than one. */
export async function findJob(session: Session, reference: string): Promise<Transfer> {
  const byId: boolean = isEntityId(reference)
  if (byId) {
    const job = await session.getEntity('Transfer', reference)
    if (job !== null) return job
    throw badInput(`no job has the id "${reference}"`)
  }
  const query = `Transfer WHERE name=${quote(reference)}` as const
  const live = await session.find(query, { limit: 3 })
  const found = live.length > 0 ? live : await session.find(query, { finished: true, limit: 3 })
  const [job] = found
  if (job === undefined) throw badInput(`no job is called "${reference}"`)
  if (found.length > 1)
    throw badInput(
      `several jobs are called "${reference}"; use the id of one:\n${found.map(({ id, status }) => `  ${id}  ${status}`).join('\n')}`,
    )
  return job
}
