import type { TaskOptions } from '@waybill/api'
import type { BytePath } from '@waybill/asc'

/** `2026-11-23T161007Z`: the date of a session, in UTC; `.2` and so on for others of the same second. */
export function folderName(date: Date, number: number): BytePath {
  const stamp = `${date.toISOString().slice(0, 19).replaceAll(':', '')}Z`
  return number === 1 ? stamp : `${stamp}.${number}`
}

/** How long a folder is kept, as the ending of an empty file beside it says. */
export function keepName(keep: TaskOptions['trash']): BytePath {
  return keep.kind === 'days' ? `keep-${keep.days}-days` : 'keep-forever'
}

/** What a name in the trash is; undefined for what we did not make, and leave alone. */
export function readTrashName(
  name: BytePath,
): { readonly folder: BytePath; readonly days: number | undefined } | undefined {
  const match =
    /^(\d{4}-\d\d-\d\dT\d{6}Z(?:\.\d{1,4})?)(?:\.keep-(?:(\d{1,7}(?:\.\d+)?)-days|forever))?$/.exec(name)
  if (match?.[1] === undefined) return undefined
  const folder = match[1]
  if (folder === name) return { folder, days: undefined }
  return { folder, days: match[2] === undefined ? Number.POSITIVE_INFINITY : Number(match[2]) }
}
