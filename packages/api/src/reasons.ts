/**
 * Why a job or task waits or failed: codes of the published scheme (E# error, W# warning), shown on the
 * entity and in its log. The words beside a code are made where it happens and name what stands in the way.
 */
export const reasons = {
  'E#J001': 'File not found',
  'E#J002': 'Cannot read',
  'E#J003': 'Verification failed',
  'E#J004': 'Cannot connect',
  'E#J005': 'The source changed while it was sent',
  'E#J006': 'A name or path that is refused',
  'E#J007': 'Encryption weaker than asked for',
  'E#J051': 'User not enabled',
  'E#J057': 'Cannot write',
  'E#J066': 'Not enough space',
  'E#J099': 'Internal error',
  'W#J001': 'File not found, left out',
  'W#J050': 'No clients online',
  'W#J052': 'Share or site unavailable',
  'W#J053': 'Queued behind another job',
  'W#J054': 'Waiting for the receiver to choose a place',
  'W#J055': 'Measuring the source',
  'W#J056': 'Waiting to be tried again',
  'W#J058': 'Skipped, not a file or directory',
  'W#J059': 'Not deleted',
  'W#J060': 'An attribute could not be set',
  'W#J064': 'The manifest is not complete',
  'W#J065': 'A file is not what its ASC MHL history says',
  'W#J067': 'Queue or job status',
} as const

export type ReasonCode = keyof typeof reasons

export function isReasonCode(value: unknown): value is ReasonCode {
  return typeof value === 'string' && Object.hasOwn(reasons, value)
}

/** A reason as entities and logs carry it; `entity` is what stands in the way, as `<type>:<id>`. */
export interface Reason {
  readonly code: ReasonCode
  readonly message: string
  readonly entity?: string
  /** What would clear it, in words. */
  readonly action?: string
}
