import { type EffectiveSettings, numberSetting } from './effective-settings.js'
import type { RetryAt } from './lifecycle/settle.js'

/** The longest wait before a retry, milliseconds. */
const longest = 3_600_000

/**
 * When a job that fails now is tried again by itself: `job_autoretry_delay_s` after the first failure, twice as
 * long after each further one, an hour at most; never after `job_max_retries`.
 */
export function retryPlan(settings: EffectiveSettings, now: number): RetryAt {
  const most = numberSetting(settings, 'job_max_retries')
  const first = Math.max(0, numberSetting(settings, 'job_autoretry_delay_s')) * 1000
  return ({ retries }) =>
    retries >= most ? null : now + Math.min(longest, first * 2 ** Math.min(retries, 30))
}
