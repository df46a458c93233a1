import { WaybillError } from '@waybill/api'

/** Codes go into path notation and queries, so they are made of what cannot be mistaken for the rest. */
const CODE = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,99}$/u

/** A code as it is kept: what was given, or made from the name, in lower case. */
export function codeFor(type: string, code: unknown, name: unknown): string {
  if (typeof code === 'string' && code.trim() !== '') return checked(type, code.trim().toLowerCase())
  return madeCode(type, typeof name === 'string' ? name : '')
}

/** A code that is made from a name. */
export function madeCode(type: string, name: string): string {
  const made = name
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}._-]+/gu, '-')
    .replace(/^[^\p{L}\p{N}]+|-+$/gu, '')
  if (made === '') throw new WaybillError('bad_request', `A ${type} needs a code or a name`)
  return checked(type, made.slice(0, 100))
}

function checked(type: string, code: string): string {
  if (CODE.test(code)) return code
  throw new WaybillError(
    'bad_request',
    `${JSON.stringify(code)} cannot be the code of a ${type}: letters, digits, ".", "-" and "_" make one`,
  )
}
