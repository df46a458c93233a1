import type { ErrorCode } from '@waybill/api'

/** Exit codes: everything done; something failed; what was asked for makes no sense; interrupted by Ctrl-C. */
export const exitCodes = { done: 0, failed: 1, badInput: 2, interrupted: 130 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Ends the command with an exit code; the message, if any, goes to stderr. */
export class CommandEnd extends Error {
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message = '') {
    super(message)
    this.name = 'CommandEnd'
    this.exitCode = exitCode
  }
}

export function badInput(message: string): CommandEnd {
  return new CommandEnd(exitCodes.badInput, message)
}

export function failed(message: string): CommandEnd {
  return new CommandEnd(exitCodes.failed, message)
}

/** Refusals that only another command line can change. */
const aboutInput: readonly ErrorCode[] = [
  'bad_request',
  'bad_query',
  'unknown_attribute',
  'unknown_entity',
  'unknown_uri',
  'not_found',
  'too_large',
  'uri_too_long',
]

export function exitCodeOf(code: ErrorCode): ExitCode {
  return aboutInput.includes(code) ? exitCodes.badInput : exitCodes.failed
}
