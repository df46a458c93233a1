import { WaybillError } from '@waybill/api'
import * as v from 'valibot'

/**
 * One @ with something on both sides, and none of the characters that mean something in path notation, in
 * queries or in headers. Whether mail arrives there is for a mail server to say.
 */
const EMAIL = /^[^\s@:;,/\\"'()<>=*[\]]+@[^\s@:;,/\\"'()<>=*[\]]+$/u

const Email = v.pipe(v.string(), v.trim(), v.maxLength(254), v.regex(EMAIL), v.normalize(), v.toLowerCase())

/** An email as it is kept: trimmed and in lower case. Rejects what is none with `bad_request`. */
export function parseEmail(text: unknown): string {
  const email = tryEmail(text)
  if (email === undefined) throw new WaybillError('bad_request', 'That is not an email address')
  return email
}

/** The same, undefined for what is no email. */
export function tryEmail(text: unknown): string | undefined {
  const { success, output } = v.safeParse(Email, text)
  return success ? output : undefined
}
