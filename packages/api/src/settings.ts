import { WaybillError } from './errors.js'

export interface SettingDefinition {
  readonly default: string
  readonly unit: string
  readonly description: string
  /** The values that it may have; absent for numbers (a number is its default) and free text. */
  readonly values?: readonly string[]
}

/** Settings that act today; unknown names are kept and shown. Values are strings on the wire. */
export const settings = {
  transfer_speedlimit: {
    default: '-1',
    unit: 'MB/s',
    description: 'Highest speed of a transfer; -1 is none',
  },
  transfer_encryption: {
    default: 'aes128',
    unit: 'aes128, aes256',
    values: ['aes128', 'aes256'],
    description: 'Strength of the encryption',
  },
  transfer_concurrent: {
    default: '1',
    unit: 'jobs',
    description: 'Jobs at a time between one pair of endpoints',
  },
  transfer_socket_count: { default: '4', unit: 'connections', description: 'Connections of one session' },
  transfer_include: { default: '', unit: 'filters', description: 'Only files that match; wins over exclude' },
  transfer_exclude: { default: '', unit: 'filters', description: 'Files that are left out' },
  task_bucketsize: { default: '500', unit: 'tasks', description: 'Tasks handed to the endpoints at a time' },
  job_max_retries: {
    default: '10',
    unit: 'times',
    description: 'Retries of a failed job before it stays failed',
  },
  job_autoretry_delay_s: {
    default: '60',
    unit: 's',
    description: 'Wait before the first retry; doubles each time',
  },
  queue_interrupt_policy: {
    default: 'interrupt',
    unit: 'interrupt, wait',
    values: ['interrupt', 'wait'],
    description: 'Whether a more urgent job interrupts a running one between the same endpoints',
  },
  job_archive_days: {
    default: '14',
    unit: 'days',
    description: 'Age at which a finished job moves to the archive',
  },
} as const satisfies Record<string, SettingDefinition>

export type SettingName = keyof typeof settings

/** Throws `bad_request` for a value that a known setting cannot have; unknown names are kept as they are. */
export function checkSetting(name: string, value: string): void {
  if (!isSettingName(name)) return
  const { default: fallback, values, unit }: SettingDefinition = settings[name]
  if (values !== undefined) {
    if (values.includes(value.trim().toLowerCase())) return
    throw new WaybillError('bad_request', `${name} cannot be "${value}"; choose one of ${values.join(', ')}`)
  }
  const isNumeric = fallback !== '' && Number.isFinite(Number(fallback))
  if (isNumeric && (value.trim() === '' || !Number.isFinite(Number(value)))) {
    throw new WaybillError('bad_request', `${name} has to be a number (${unit}), not "${value}"`)
  }
}

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settings, name)
}
