import { parseDate, WaybillError } from '@waybill/api'
import { csvOf } from '../../audit/csv.js'
import { type AuditFilter, auditColumns, findAudit } from '../../audit/find-audit.js'
import { demandAdmin } from '../../entities/authority.js'
import { jsonOfText } from '../events/stream.js'
import type { Answer, Call, Route } from './route.js'

/** Who changed what. */
export const auditRoutes: readonly Route[] = [
  {
    method: 'GET',
    uri: 'audit/find',
    about:
      'Finds lines of the audit log, the latest first; for admins. Narrowed by `who` (email or id), `entity` (id), `entitytype`, `change`, `from` and `to` (dates), `text`; paged by `limit` and `skip`. `format: csv` answers with comma-separated values',
    answer:
      'list of `{id, created, user, email, role, device, address, entitytype, entity, change, details}`, or text',
    example: { data: { who: 'lisa@example.com', from: '2026-01-01', limit: 100 } },
    run: find,
  },
]

function find({ ctx, fields }: Call): Promise<Answer> {
  demandAdmin(ctx.caller, 'Reading the audit log')
  const format = fields.text('format') ?? 'json'
  if (format !== 'json' && format !== 'csv') {
    throw new WaybillError('bad_request', `The format is json or csv, not ${JSON.stringify(format)}`)
  }
  const filter: AuditFilter = {
    who: fields.text('who'),
    entity: fields.text('entity'),
    entitytype: fields.text('entitytype'),
    change: fields.text('change'),
    from: moment(fields.text('from'), 'from')?.from,
    // A day that is named is meant to be part of it.
    to: moment(fields.text('to'), 'to')?.to,
    text: fields.text('text'),
    limit: fields.count('limit') === 0 ? undefined : fields.count('limit'),
    skip: fields.count('skip'),
  }
  const pages = findAudit(ctx, filter)
  return Promise.resolve(format === 'csv' ? { text: jsonOfText(csvOf(auditColumns, pages)) } : { pages })
}

function moment(text: string | undefined, name: string) {
  if (text === undefined || text === '') return undefined
  const range = parseDate(text.trim())
  if (range !== undefined) return range
  throw new WaybillError('bad_request', `${name} has to be a date, such as 2026-01-31 or 2026-01-31T08:00:00`)
}
