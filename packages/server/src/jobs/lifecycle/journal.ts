import { newId } from '@waybill/api'
import type { Tx } from '../../store/store.js'

export interface LogEntry {
  readonly job: string
  readonly task?: string
  readonly level?: 'info' | 'warning' | 'error'
  /** A reason code of api/reasons.ts, or one that an agent made up. */
  readonly code?: string | null
  readonly message: string
}

/** Writes a line of a job's log, in the transaction of what it tells. */
export async function writeLog(
  tx: Tx,
  workspace: string,
  now: number,
  ...entries: LogEntry[]
): Promise<void> {
  if (entries.length === 0) return
  await tx
    .insertInto('log')
    .values(
      entries.map(({ job, task, level, code, message }) => ({
        id: newId(now),
        workspace,
        job,
        task: task ?? null,
        level: level ?? levelOf(code),
        code: code ?? null,
        message: message.slice(0, 4000),
        created: now,
      })),
    )
    .execute()
}

function levelOf(code: string | null | undefined): 'info' | 'warning' | 'error' {
  if (code?.startsWith('E#')) return 'error'
  return code?.startsWith('W#') ? 'warning' : 'info'
}

/** Puts a change into the outbox, in its transaction. */
export async function writeEvent(
  tx: Tx,
  workspace: string,
  now: number,
  entitytype: string,
  entity: string,
  change: 'created' | 'changed' | 'deleted',
): Promise<void> {
  await tx.insertInto('event').values({ workspace, entitytype, entity, change, created: now }).execute()
}
