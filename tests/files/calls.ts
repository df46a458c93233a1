import { isJson, type Json, resultOf, type WireClient } from '@waybill/testkit'

/** File operations as scripts send them. */

export interface Listed {
  readonly type: number
  readonly filename: string
  readonly size: number
  readonly modified: string
  readonly files?: readonly Listed[]
}

export async function ls(client: WireClient, path: unknown, more: Json = {}): Promise<readonly Listed[]> {
  return listed(await client.result('GET', 'workspace/file', { data: { op: 'ls', path, ...more } }))
}

export async function getsize(client: WireClient, path: unknown, more: Json = {}): Promise<unknown> {
  return client.result('GET', 'workspace/file', { data: { op: 'getsize', path, ...more } })
}

export async function exists(client: WireClient, path: unknown): Promise<unknown> {
  return client.result('GET', 'workspace/file', { data: { op: 'exists', path } })
}

export async function change(client: WireClient, method: 'POST' | 'PUT', data: Json): Promise<unknown> {
  return client.result(method, 'workspace/file', { data })
}

/** A call that has to fail; the words that its user sees. */
export async function refused(
  client: WireClient,
  method: 'GET' | 'POST' | 'PUT',
  data: object,
): Promise<{ readonly status: number; readonly message: string; readonly code: unknown }> {
  const answer = await client.event(method, 'workspace/file', { data })
  const { message, code } = answer.body
  if (typeof message === 'string') return { status: answer.status, message, code }
  throw new Error(`${JSON.stringify(data)} was not refused: ${JSON.stringify(resultOf(answer))}`)
}

export function names(entries: readonly Listed[]): string[] {
  return entries.map(({ filename }) => filename)
}

/** Every name of a recursive listing, with `/` between. */
export function paths(entries: readonly Listed[], above = ''): string[] {
  return entries.flatMap(({ filename, files }) => {
    const path = above === '' ? filename : `${above}/${filename}`
    return [path, ...(files === undefined ? [] : paths(files, path))]
  })
}

function listed(value: unknown): Listed[] {
  if (!Array.isArray(value)) throw new Error(`No listing: ${JSON.stringify(value)}`)
  return value.map((item: unknown) => {
    const { type, filename, size, modified, files } = isJson(item) ? item : {}
    if (typeof type !== 'number' || typeof filename !== 'string') throw new Error(JSON.stringify(item))
    if (typeof size !== 'number' || typeof modified !== 'string') throw new Error(JSON.stringify(item))
    return { type, filename, size, modified, ...(files === undefined ? {} : { files: listed(files) }) }
  })
}
