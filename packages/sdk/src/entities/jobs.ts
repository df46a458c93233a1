import type { JobStatus, TaskStatus } from '@waybill/api'
import type { Entity } from './entity.js'

export interface Transfer extends Entity {
  readonly code: string
  readonly name: string
  readonly status: JobStatus
  /** Why it waits or failed, in words and as a code. */
  readonly status_hr: string
  readonly status_code: string | null
  /** `<type>:<id>` */
  readonly source: string
  readonly source_hr: string
  readonly destination: string
  readonly destination_hr: string
  readonly created: Date
  readonly started: Date | null
  readonly finished: Date | null
  readonly modified: Date
  readonly modifier: string | null
  readonly user: string
  readonly user_hr: string
  /** Bytes. */
  readonly size: number
  /** Bytes that are done. */
  readonly transferred: number
  /** 0 to 100 */
  readonly progress: number
  /** MB/s; -1 when not running. */
  readonly speed: number
  /** `H:MM:SS`, empty when not running. */
  readonly etr: string
  readonly uri: string | null
  readonly parent: string | null
  readonly parent_hr: string | null
  readonly queue: string | null
  readonly metadata: unknown
  readonly retries: number
  readonly tasks_total: number
  readonly tasks_done: number
  readonly tasks_failed: number
}

export interface TaskEnd {
  readonly client?: string | null
  readonly path: string
  readonly path_abs_final?: string | null
  /** Ids of the volume, share, user and site, where one is involved. */
  readonly v?: string | null
  readonly s?: string | null
  readonly user?: string | null
  readonly site?: string | null
}

export interface Task extends Entity {
  readonly uri: string
  readonly status: TaskStatus
  readonly status_hr: string
  readonly status_code: string | null
  readonly job: string
  readonly job_hr: string
  readonly source: TaskEnd
  readonly destination: TaskEnd
  readonly priority: number
  /** Bytes. */
  readonly size: number
  readonly transferred: number
  readonly files: number
  /** Milliseconds. */
  readonly time: number
  readonly tries: number
  readonly created: Date
  readonly finished: Date | null
  readonly modified: Date
  readonly metadata: unknown
}

export interface Queue extends Entity {
  readonly code: string
  readonly name: string
  /** 0 to 1000 */
  readonly priority: number
  readonly default: boolean
  readonly status: 'waiting' | 'paused'
  readonly uri: string
  readonly parent: string | null
  readonly created: Date
}
