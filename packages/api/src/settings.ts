import { mhlHashes } from './control/options.js'
import { WaybillError } from './errors.js'
import { parseFilters } from './paths/filters.js'
import type { RegexEngine } from './query/regex.js'
import { readReserve, readSwitch, readWords } from './settings-values.js'

/** Where a setting may be given so that it acts there. Wherever it is given, it is kept and shown. */
export type SettingLevel = 'workspace' | 'queue' | 'job' | 'share' | 'task'

/** What a value has to look like. Values are strings on the wire, whatever they mean. */
export type SettingKind =
  | {
      readonly kind: 'number'
      readonly min: number
      readonly max: number
      readonly whole: boolean
      /** One value outside of the range that means something else; a number, or a word. */
      readonly also?: number | string
    }
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  | { readonly kind: 'switch' }
  /** Any of these words, with commas between. */
  | { readonly kind: 'words'; readonly values: readonly string[] }
  | { readonly kind: 'filters' }
  /** Megabytes, or with `%` a part of the disk. */
  | { readonly kind: 'reserve' }

export interface SettingDefinition {
  readonly default: string
  /** As people read it: the unit of a number, or what can be chosen. */
  readonly unit: string
  readonly description: string
  readonly type: SettingKind
  readonly levels: readonly SettingLevel[]
  /** Who may give it to a job or task, beside operators: everybody who may edit it unless this says otherwise. */
  readonly guard?: 'operators' | 'stricter'
}

const job: readonly SettingLevel[] = ['workspace', 'queue', 'job']
const everywhere: readonly SettingLevel[] = ['workspace', 'share', 'queue', 'job', 'task']

const number = (min: number, max: number, more: { whole?: boolean; also?: number | string } = {}) => ({
  kind: 'number' as const,
  min,
  max,
  whole: more.whole ?? true,
  ...(more.also === undefined ? {} : { also: more.also }),
})
const choice = (...values: readonly string[]) => ({
  unit: values.join(', '),
  type: { kind: 'choice' as const, values },
})
const words = (...values: readonly string[]) => ({
  unit: `any of ${values.join(', ')}`,
  type: { kind: 'words' as const, values },
})

/** Every setting that acts; unknown names are kept and shown. docs/settings.md is written from this. */
export const settings = {
  transfer_speedlimit: {
    default: '-1',
    unit: 'MB/s (1,000,000 bytes)',
    type: number(0, 1e6, { whole: false, also: -1 }),
    levels: job,
    guard: 'stricter',
    description: 'Highest speed of a transfer; -1 is none. Acts on running transfers within a second',
  },
  transfer_encryption: {
    default: 'aes128',
    ...choice('aes128', 'aes256'),
    levels: job,
    guard: 'stricter',
    description: 'Strength of the encryption between agents; weaker than asked for is an error',
  },
  transfer_mode: {
    default: 'copy',
    ...choice('copy', 'onewaysync'),
    levels: everywhere,
    description:
      'onewaysync deletes in the destination directory what the source lacks, once everything has arrived and nothing failed',
  },
  transfer_trash: {
    default: 'trash',
    ...choice('trash', 'none'),
    levels: everywhere,
    guard: 'operators',
    description:
      'What becomes of what onewaysync deletes: it is moved to a dated folder in the trash of the destination, or gone at once',
  },
  transfer_trash_days: {
    default: '30',
    unit: 'days',
    type: number(1, 36_500, { whole: false, also: -1 }),
    levels: everywhere,
    guard: 'operators',
    description: 'Days that what was moved to the trash from now on stays there; -1 is for ever',
  },
  transfer_settle_s: {
    default: '0',
    unit: 's',
    type: number(0, 86_400, { whole: false }),
    levels: everywhere,
    description:
      'Files that changed less than so long ago are left until they rest, as those that are still being written',
  },
  transfer_comparison: {
    default: 'size_mtime',
    ...choice('size_mtime', 'size', 'checksum', 'newer', 'always'),
    levels: everywhere,
    description: 'How to tell that a file at the destination is out of date',
  },
  transfer_ignore_existing: {
    default: 'none',
    ...choice('none', 'file'),
    levels: everywhere,
    description: 'file: a file that is at the destination already is left alone, whatever is in it',
  },
  transfer_delta: {
    default: 'auto',
    ...choice('auto', 'always', 'never'),
    levels: everywhere,
    description:
      'Whether only what differs from the older file at the destination is sent: auto does so where it is faster than to send all, that is over distance and below a rate of 400 MB/s',
  },
  transfer_resume: {
    default: 'true',
    unit: 'true, false',
    type: { kind: 'switch' },
    levels: everywhere,
    description: 'Whether a large file that was interrupted goes on where it was',
  },
  transfer_resume_min_size: {
    default: '8',
    unit: 'MB (1,000,000 bytes)',
    type: number(1, 1e9, { whole: false }),
    levels: everywhere,
    description: 'Files below this size are sent again rather than resumed',
  },
  transfer_attributes: {
    default: 'times,permissions',
    ...words('times', 'permissions', 'mode', 'owner', 'xattr', 'hardlinks'),
    levels: everywhere,
    description: 'What is copied beside the contents',
  },
  transfer_reserved_space: {
    default: '0',
    unit: 'MB (1,000,000 bytes), or a part of the disk as in 10%',
    type: { kind: 'reserve' },
    levels: everywhere,
    guard: 'operators',
    description: 'Space that stays free at the destination; a file that would take of it fails with E#J066',
  },
  transfer_manifest: {
    default: 'true',
    ...choice('true', 'false', 'all'),
    levels: everywhere,
    description:
      'Whether a list of all files with size, time and checksum is kept with the job; true: files that were at the destination already are listed without a checksum, all: they are read for it',
  },
  transfer_mhl: {
    default: 'false',
    ...choice('false', 'true', ...mhlHashes),
    levels: everywhere,
    description:
      'Whether a generation of ASC MHL is written into `ascmhl` at the destination, with this kind of checksum; true is xxh128',
  },
  transfer_include: {
    default: '',
    unit: 'filters, with commas between',
    type: { kind: 'filters' },
    levels: everywhere,
    description: 'Only files that match; wins over exclude',
  },
  transfer_exclude: {
    default: '',
    unit: 'filters, with commas between',
    type: { kind: 'filters' },
    levels: everywhere,
    description: 'Files that are left out; onewaysync does not delete them either',
  },
  transfer_concurrent: {
    default: '1',
    unit: 'jobs',
    type: number(1, 64),
    levels: job,
    guard: 'operators',
    description: 'Jobs at a time between one pair of endpoints, both directions together',
  },
  transfer_socket_count: {
    default: 'auto',
    unit: 'connections',
    type: number(1, 64, { also: 'auto' }),
    levels: job,
    guard: 'operators',
    description:
      'TCP connections for the data of one session, beside the one for control; auto takes as many as the line is worth',
  },
  transfer_transport: {
    default: 'auto',
    ...choice('auto', 'tcp', 'udp'),
    levels: job,
    guard: 'operators',
    description:
      'What data travels over: auto takes udp over a distance where it gets through, else tcp; udp fails where it does not',
  },
  task_bucketsize: {
    default: '500',
    unit: 'tasks',
    type: number(1, 100_000),
    levels: job,
    guard: 'operators',
    description: 'Tasks that are handed to the agents at a time',
  },
  job_max_retries: {
    default: '10',
    unit: 'times',
    type: number(0, 1e6),
    levels: job,
    description: 'Retries of a failed job before it stays failed',
  },
  job_autoretry_delay_s: {
    default: '60',
    unit: 's',
    type: number(0, 1e9, { whole: false }),
    levels: job,
    description: 'Wait before the first retry; doubles each time, one hour at most',
  },
  job_on_missing: {
    default: 'fail',
    ...choice('fail', 'ignore', 'exclude'),
    levels: everywhere,
    description:
      'A source that is not there: fail fails its task, and the job is tried again; ignore and exclude leave the task out with a warning',
  },
  queue_interrupt_policy: {
    default: 'interrupt',
    ...choice('interrupt', 'wait'),
    levels: job,
    guard: 'operators',
    description: 'Whether a more urgent job interrupts a running one between the same endpoints',
  },
  job_archive_days: {
    default: '14',
    unit: 'days',
    type: number(0, 1e6, { whole: false }),
    levels: job,
    guard: 'operators',
    description: 'Age at which a finished job moves to the archive',
  },
  request_rate: {
    default: '30',
    unit: 'requests a second',
    type: number(0.1, 1e6, { whole: false }),
    levels: ['workspace'],
    guard: 'operators',
    description: 'Requests a second that one API key may make for long; over it they wait for their turn',
  },
  request_burst: {
    default: '60',
    unit: 'requests',
    type: number(1, 1e6),
    levels: ['workspace'],
    guard: 'operators',
    description: 'Requests that one API key may make at once after a pause',
  },
  audit_keep_days: {
    default: '-1',
    unit: 'days',
    type: number(1, 1e6, { also: -1 }),
    levels: ['workspace'],
    guard: 'operators',
    description: 'Age at which lines of the audit log are forgotten; -1 is never',
  },
  user_api_key: {
    default: 'false',
    unit: 'true, false',
    type: { kind: 'switch' },
    levels: ['workspace'],
    guard: 'operators',
    description: 'Whether programs that ask for an API key of their user are given a new one',
  },
} as const satisfies Record<string, SettingDefinition>

export type SettingName = keyof typeof settings

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settings, name)
}

/** The definition of a known setting, with all that definitions may have. */
export function settingDefinition(name: SettingName): SettingDefinition {
  return settings[name]
}

const longestName = 100
const longestValue = 20_000

/**
 * Throws `bad_request` for a value that a known setting cannot have; unknown names are kept as they are.
 * Regular expressions in filters are tried with `regex`, where it is given.
 */
export function checkSetting(name: string, value: string, regex?: RegexEngine): void {
  if (!/^[\w.-]+$/.test(name) || name.length > longestName) {
    throw new WaybillError('bad_request', `${JSON.stringify(name.slice(0, 200))} cannot be a setting's name`)
  }
  if (value.length > longestValue) {
    throw new WaybillError('bad_request', `${name} is longer than ${longestValue} characters`)
  }
  if (!isSettingName(name)) return
  const wrong = fault(settingDefinition(name), value, regex)
  if (wrong !== undefined) throw new WaybillError('bad_request', `${name} ${wrong}`)
}

function fault({ type, unit }: SettingDefinition, value: string, regex?: RegexEngine): string | undefined {
  const shown = JSON.stringify(value.slice(0, 100))
  const word = value.trim().toLowerCase()
  switch (type.kind) {
    case 'number': {
      if (word === type.also) return undefined
      const amount = word === '' ? Number.NaN : Number(word)
      if (!Number.isFinite(amount)) return `has to be a number (${unit}), not ${shown}`
      if (amount === type.also) return undefined
      if (type.whole && !Number.isInteger(amount)) return `has to be a whole number (${unit}), not ${shown}`
      const range = `${type.min} to ${type.max}${type.also === undefined ? '' : `, or ${type.also}`}`
      return amount < type.min || amount > type.max ? `has to be ${range} (${unit}), not ${shown}` : undefined
    }
    case 'choice':
      return type.values.includes(word)
        ? undefined
        : `cannot be ${shown}; choose one of ${type.values.join(', ')}`
    case 'switch':
      return readSwitch(word) === undefined ? `cannot be ${shown}; choose true or false` : undefined
    case 'words': {
      const wrong = readWords(value).find((one) => !type.values.includes(one))
      return wrong === undefined
        ? undefined
        : `cannot have ${JSON.stringify(wrong)}; it is ${type.values.join(', ')}, with commas between`
    }
    case 'reserve':
      return readReserve(word) === undefined
        ? `has to be megabytes, or a part of the disk as in 10%, not ${shown}`
        : undefined
    case 'filters':
      return filtersFault(value, regex)
  }
}

function filtersFault(value: string, regex: RegexEngine | undefined): string | undefined {
  try {
    for (const filter of parseFilters(value)) {
      if (filter.kind !== 'regex') continue
      regex?.compile({ text: filter.pattern, column: 1 }, { caseSensitive: filter.caseSensitive })
    }
    return undefined
  } catch (error) {
    if (error instanceof WaybillError) return `cannot be used: ${error.message}`
    throw error
  }
}
