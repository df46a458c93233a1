import { describe, expect, test } from 'vitest'
import { checkSetting } from './settings.js'

describe('a setting', () => {
  test.each([
    ['transfer_encryption', 'aes256'],
    ['transfer_speedlimit', '-1'],
    ['transfer_speedlimit', '12.5'],
    ['transfer_exclude', ''],
    ['somebody_elses', 'whatever'],
  ])('%s may be "%s"', (name, value) => {
    expect(() => checkSetting(name, value)).not.toThrow()
  })

  test.each([
    ['transfer_encryption', 'rot13'],
    ['queue_interrupt_policy', ''],
    ['transfer_speedlimit', 'fast'],
    ['job_max_retries', ''],
  ])('%s cannot be "%s"', (name, value) => {
    expect(() => checkSetting(name, value)).toThrow(name)
  })
})
