import type { Condition } from '../../query/binding.js'
import type { Tx } from '../../store/store.js'
import type { Holder } from './holder.js'

/** The rows of `setting` that are given to what lies below the holder; undefined when nothing can. */
export async function settingsBelow(db: Tx, { entitytype, id }: Holder): Promise<Condition | undefined> {
  switch (entitytype) {
    case 'workspace':
      return (eb) => eb('setting.entitytype', '!=', 'workspace')
    case 'queue': {
      const queues = await queuesBelow(db, id)
      return (eb) => {
        const inQueues = eb
          .selectFrom('job')
          .select('job.id')
          .where('job.parent', 'in', [id, ...queues])
        return eb.or([
          eb('setting.entity', 'in', inQueues),
          eb(
            'setting.entity',
            'in',
            eb.selectFrom('task').select('task.id').where('task.job', 'in', inQueues),
          ),
        ])
      }
    }
    case 'transfer':
    case 'delivery':
    case 'request':
      return (eb) =>
        eb('setting.entity', 'in', eb.selectFrom('task').select('task.id').where('task.job', '=', id))
    case 'volume':
      return (eb) =>
        eb('setting.entity', 'in', eb.selectFrom('share').select('share.id').where('share.parent', '=', id))
    default:
      return undefined
  }
}

async function queuesBelow(db: Tx, queue: string): Promise<string[]> {
  const found = new Set<string>()
  for (let level = [queue]; level.length > 0; ) {
    const rows = await db
      .selectFrom('job')
      .select('id')
      .where('kind', '=', 'queue')
      .where('parent', 'in', level)
      .execute()
    level = rows.map(({ id }) => id).filter((id) => id !== queue && !found.has(id))
    for (const id of level) found.add(id)
  }
  return [...found]
}

/** Settings of what is deleted go along with it, and those of all that lies below. To be called before it goes. */
export async function removeSettingsOf(tx: Tx, holder: Holder): Promise<void> {
  const below = await settingsBelow(tx, holder)
  if (below !== undefined) await tx.deleteFrom('setting').where(below).execute()
  await tx.deleteFrom('setting').where('entity', '=', holder.id).execute()
}
