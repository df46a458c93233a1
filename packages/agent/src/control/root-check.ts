import { constants } from 'node:fs'
import { access, stat, statfs } from 'node:fs/promises'
import { isAbsolute, resolve } from 'node:path'
import { type ErrorCode, type RequestArgs, type RequestResult, WaybillError } from '@waybill/api'
import { makeDirectories } from '../platform/make-directories.js'
import { oneLine } from './log.js'

/** Looks at a directory that is to be served; makes it, and those above it, when asked to. */
export async function checkRoot({
  path,
  create,
}: RequestArgs<'root.check'>): Promise<RequestResult<'root.check'>> {
  if (!isAbsolute(path) || path.includes('\0')) {
    throw new WaybillError('bad_request', `Not an absolute path on this machine: ${oneLine(path)}`)
  }
  const root = resolve(path)
  try {
    if (create) makeDirectories(root)
    if (!(await stat(root)).isDirectory())
      throw new WaybillError('bad_request', `${oneLine(root)} is no directory`)
    const writable = await access(root, constants.W_OK).then(
      () => true,
      () => false,
    )
    const { bavail, bsize } = await statfs(root)
    return { path: root, free: Math.min(bavail * bsize, Number.MAX_SAFE_INTEGER), writable }
  } catch (error) {
    throw error instanceof WaybillError ? error : failure(root, error)
  }
}

const codes: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'not_found',
  EEXIST: 'bad_request',
  ENOTDIR: 'bad_request',
  EACCES: 'forbidden',
  EPERM: 'forbidden',
  EROFS: 'forbidden',
}

function failure(root: string, error: unknown): WaybillError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const words = code === 'ENOENT' ? 'does not exist' : `cannot be used (${code})`
  return new WaybillError(codes[code] ?? 'internal', `${oneLine(root)} ${words}`, { cause: error })
}
