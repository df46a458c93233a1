import * as v from 'valibot'

/** The longest body, and the longest request line with its JSON, that the control plane reads. Bytes. */
export const maxBody = 32 * 1024 * 1024
export const maxHeader = 1024 * 1024

/** What every event carries; `uri` and the HTTP method choose the operation. */
export const envelope = v.object({
  audience: v.optional(v.nullable(v.string())),
  workspace: v.optional(v.nullable(v.string())),
  ident: v.optional(v.nullable(v.string())),
  session: v.optional(v.nullable(v.string())),
  eid: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(100)))),
  uri: v.pipe(v.string(), v.maxLength(200)),
  id: v.optional(v.nullable(v.string())),
  query: v.optional(v.nullable(v.string())),
  data: v.optional(v.unknown()),
  gz_data: v.optional(v.nullable(v.string())),
  created: v.optional(v.nullable(v.string())),
  hostname: v.optional(v.nullable(v.string())),
})

export type Envelope = v.InferOutput<typeof envelope>
export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'
