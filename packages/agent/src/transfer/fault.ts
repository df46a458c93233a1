import type { ReasonCode } from '@waybill/api'

/** Something that fails a file or task, with the code and words that people see. */
export class Fault extends Error {
  readonly code: ReasonCode

  constructor(code: ReasonCode, message: string) {
    super(message)
    this.name = 'Fault'
    this.code = code
  }
}

/** The errno code of a system error, or an empty text. */
export function errno(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

const words: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOENT: 'no such file or directory',
  ENOTDIR: 'a part of the path is not a directory, or is a symbolic link',
  ELOOP: 'a symbolic link is in the way',
  EISDIR: 'it is a directory',
  ENOTEMPTY: 'it is a directory',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left',
  EDQUOT: 'the quota is used up',
  EIO: 'input/output error',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many open files',
  EFBIG: 'too large for the file system',
}

/** Makes a fault of what a file operation threw. `doing` is what was tried: `Cannot read a/b.txt`. */
export function faultOf(error: unknown, side: 'read' | 'write', doing: string): Fault {
  if (error instanceof Fault) return error
  const code = errno(error)
  const why = words[code] ?? (error instanceof Error ? error.message : String(error))
  return new Fault(reasonOf(code, side), `${doing}: ${why}`)
}

function reasonOf(code: string, side: 'read' | 'write'): ReasonCode {
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'E#J066'
  if (side === 'write') return 'E#J057'
  return code === 'ENOENT' ? 'E#J001' : 'E#J002'
}
