import type { MeasureResult, RequestArgs } from '@waybill/api'
import type { AgentHub } from '../../agents/hub.js'
import type { WorkspaceStore } from '../../store/store.js'
import { taskSettings } from '../effective-settings.js'
import type { Change } from '../lifecycle/apply-job.js'
import { addCounts } from '../lifecycle/move-tasks.js'
import type { JobRow, TaskRow } from '../lifecycle/rows.js'
import { isLost, Locator, type Lost } from '../runs/locate.js'
import { copyWords } from '../task-options.js'
import { readTaskParty } from '../task-party.js'

/** Sources per question to the agent, and the longest that one question may take, milliseconds. */
const batch = 100
const patience = 3_600_000

/**
 * Asks the source's agent for the sizes of a job's unmeasured tasks, page by page, and writes them down.
 * Rejects with `agent_offline` when the agent goes away; what was measured by then stays.
 */
export async function measureJob(
  store: WorkspaceStore,
  hub: AgentHub,
  job: JobRow,
  now: () => number,
): Promise<void> {
  const client = job.source_client
  if (client === null) return
  const locator = new Locator(store.db, { client, job: job.id, access: 'read' })
  for (;;) {
    const tasks = await nextUnmeasured(store, job.id)
    if (tasks.length === 0) return
    const settingsOf = await taskSettings(store.db, store.id, job, tasks)
    const items: RequestArgs<'measure'>['items'] = []
    const known: TaskRow[] = []
    const lost: [TaskRow, Lost][] = []
    for (const task of tasks) {
      const location = await locator.locate(readTaskParty(task.source))
      if (isLost(location)) lost.push([task, location])
      else {
        known.push(task)
        const { include, exclude } = copyWords(settingsOf(task))
        items.push({ location, include, exclude })
      }
    }
    const answer =
      items.length === 0
        ? { items: [] }
        : await hub.request(client, 'measure', { items }, { timeoutMs: patience })
    await store.transaction(async (tx) => {
      const change = { tx, workspace: store.id, now: now() }
      for (const [i, task] of known.entries()) await writeSize(change, task, answer.items[i])
      for (const [task, { lost: why }] of lost) await writeSize(change, task, { kind: 'missing', ...why })
    })
  }
}

async function nextUnmeasured({ db }: WorkspaceStore, job: string): Promise<TaskRow[]> {
  return await db
    .selectFrom('task')
    .selectAll()
    .where('job', '=', job)
    .where('measured', '=', 0)
    .orderBy('seq')
    .limit(batch)
    .execute()
}

async function writeSize(
  change: Change,
  task: TaskRow,
  item: MeasureResult['items'][number] | undefined,
): Promise<void> {
  const found = item !== undefined && item.kind !== 'missing'
  // A missing source fails when its turn comes; until then the task already says what is wrong.
  const why = item?.kind === 'missing' ? { reason: item.code, reason_hr: item.message } : {}
  const size = found ? item.size : task.size
  await change.tx
    .updateTable('task')
    .set({ measured: 1, size, ...(found ? { files: item.files } : {}), ...why })
    .where('id', '=', task.id)
    .where('measured', '=', 0)
    .execute()
  await addCounts(change, task.job, { size: size - task.size })
}
