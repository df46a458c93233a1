import { WaybillError } from '@waybill/api'
import * as v from 'valibot'
import type { Input } from '../../operations.js'
import type { VolumePaths } from './serving.js'

const systems = ['linux', 'mac', 'windows']

const pathsShape = v.record(
  v.pipe(v.string(), v.toLowerCase(), v.picklist(systems)),
  v.pipe(v.string(), v.maxLength(4096)),
)

/** The paths in a volume's row. */
export function readPaths({
  path,
  paths,
}: {
  readonly path: string
  readonly paths: string | null
}): VolumePaths {
  return { path, paths: paths === null ? {} : v.parse(pathsShape, JSON.parse(paths)) }
}

/** Where a volume lies on a machine of an operating system; empty when nobody has said. */
export function pathFor(
  volume: { readonly path: string; readonly paths: string | null },
  os: string,
): string {
  const { path, paths } = readPaths(volume)
  return paths[os] ?? path
}

/** The paths of a volume after a change; a volume needs an absolute one. */
export function mergePaths(before: VolumePaths, { path, paths }: Input): VolumePaths {
  const parsed = paths === undefined || paths === null ? before.paths : parsePaths(paths)
  const [first = ''] = Object.values(parsed)
  const plain = typeof path === 'string' && path !== '' ? path : before.path || first
  for (const one of [plain, ...Object.values(parsed)]) demandAbsolute(one)
  return { path: plain, paths: parsed }
}

function parsePaths(value: unknown): Readonly<Record<string, string>> {
  const parsed = v.safeParse(pathsShape, value)
  if (parsed.success) return parsed.output
  throw new WaybillError('bad_request', `paths has to be an object with paths for ${systems.join(', ')}`)
}

function demandAbsolute(path: string): void {
  if (/^(\/|[a-z]:[\\/]|\\\\)/i.test(path)) return
  throw new WaybillError('bad_request', `A volume needs an absolute path, not ${JSON.stringify(path)}`)
}
