import { type ErrorCode, isErrorCode, WaybillError } from '@waybill/api'
import { errno } from '../transfer/fault.js'

/** What the system says, as people are told it. No paths: the control plane knows how the caller wrote them. */
const known: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOENT: ['not_found', 'it is not there'],
  // A link, or a file where a directory should be: nothing can be beneath it.
  ENOTDIR: ['not_found', 'it is not there'],
  ELOOP: ['not_found', 'it is not there'],
  ENAMETOOLONG: ['bad_request', 'the name is too long for this storage'],
  EINVAL: ['bad_request', 'the name cannot be used on this storage'],
  EILSEQ: ['bad_request', 'the name cannot be used on this storage'],
  EEXIST: ['conflict', 'something of that name is there already'],
  ENOTEMPTY: ['conflict', 'the directory is not empty'],
  EBUSY: ['conflict', 'it is in use'],
  ETXTBSY: ['conflict', 'it is in use'],
  EXDEV: ['bad_request', 'the two lie on different disks; use "waybill transfer" and delete the source then'],
  EACCES: ['forbidden', 'the storage does not permit it'],
  EPERM: ['forbidden', 'the storage does not permit it'],
  EROFS: ['forbidden', 'the storage is read-only'],
  ENOSPC: ['conflict', 'no space is left on the storage'],
  EDQUOT: ['conflict', 'the quota of the storage is used up'],
  EMLINK: ['conflict', 'the storage takes no more entries there'],
}

/** Makes an error that may be told of whatever an operation on files threw. */
export function fileFailure(thrown: unknown): WaybillError {
  if (thrown instanceof WaybillError) return thrown
  const code = errno(thrown)
  const [kind, words] = known[code] ?? ['unreachable', `the storage answers with ${code || 'an error'}`]
  return new WaybillError(kind, words, { cause: thrown })
}

/** Whether it means that nothing is there that could be reached. */
export function isMissing(thrown: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errno(thrown))
}

/** An error that crossed from another thread. */
export function failureFrom({ code, message }: { code: string; message: string }): WaybillError {
  return new WaybillError(isErrorCode(code) ? code : 'internal', message)
}
