import { WaybillError } from '@waybill/api'
import { present } from './options.js'
import type { Connection } from './wire/connection.js'
import { isJson } from './wire/values.js'

/** What is looked for in the audit log; what is absent makes no difference. */
export interface AuditFilter {
  /** Email or id of who did it. */
  readonly who?: string
  /** Id of the entity that was changed. */
  readonly entity?: string
  readonly entitytype?: string
  readonly change?: string
  readonly from?: Date | string
  readonly to?: Date | string
  /** Anywhere in what was asked for, the device and the address. */
  readonly text?: string
  readonly limit?: number
  readonly skip?: number
}

export interface AuditLine {
  readonly id: string
  readonly created: Date
  readonly user: string
  readonly email: string
  readonly role: string
  readonly device: string
  readonly address: string
  readonly entitytype: string
  readonly entity: string
  readonly change: string
  readonly details: Readonly<Record<string, unknown>>
}

export interface LogEntry {
  readonly created: Date
  readonly level: 'info' | 'warning' | 'error'
  readonly code: string | null
  readonly message: string
  readonly task: string | null
  /** Where the log of no job in particular was asked for. */
  readonly job?: string
  readonly job_hr?: string
}

/** What happened: who changed what, and the logs of jobs. */
export class Journal {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Lines of the audit log, the latest first; for admins. */
  async audit(filter: AuditFilter = {}): Promise<AuditLine[]> {
    const { result } = await this.#connection.event('GET', 'audit/find', { data: present({ ...filter }) })
    return list<AuditLine>(result)
  }

  /** The same as comma-separated values with a head, RFC 4180. */
  async auditCsv(filter: AuditFilter = {}): Promise<string> {
    const data = present({ ...filter, format: 'csv' })
    const { result } = await this.#connection.event('GET', 'audit/find', { data })
    if (typeof result !== 'string') throw new WaybillError('internal', 'The server did not answer with text.')
    return result
  }

  /** Entries of a job's log, oldest first; without a job the latest of all jobs that the user sees, latest first. */
  async log(options: { job?: string; limit?: number; skip?: number } = {}): Promise<LogEntry[]> {
    const { job, ...page } = options
    const { result } = await this.#connection.event('GET', 'transfer/log', {
      ...(job === undefined ? {} : { id: job }),
      data: present(page),
    })
    return list<LogEntry>(result)
  }
}

function list<T>(result: unknown): T[] {
  if (!Array.isArray(result) || !result.every((item) => isJson(item)))
    throw new WaybillError('internal', 'The server did not answer with a list.')
  return result as unknown as T[] // what the protocol promises of each
}
