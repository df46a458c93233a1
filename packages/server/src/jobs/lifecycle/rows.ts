import type { Insertable, Selectable } from 'kysely'
import type { JobTable, TaskTable } from '../../store/schema.js'

export type JobRow = Selectable<JobTable>
export type NewJob = Insertable<JobTable>
export type JobPatch = Partial<JobRow>
export type TaskRow = Selectable<TaskTable>
export type NewTask = Insertable<TaskTable>
export type TaskPatch = Partial<TaskRow>
