import { describe, expect, test } from 'vitest'
import { checkSetting, isSettingName, settingDefinition, settings } from './settings.js'
import { readReserve, readSwitch } from './settings-values.js'

describe('a setting', () => {
  test.each(Object.entries(settings))('%s may have its default', (name, { default: value }) => {
    expect(() => checkSetting(name, value)).not.toThrow()
    expect(isSettingName(name) && settingDefinition(name).description).toBeTruthy()
  })

  test.each([
    ['transfer_encryption', 'aes256'],
    ['transfer_encryption', ' AES256 '],
    ['transfer_speedlimit', '-1'],
    ['transfer_speedlimit', '12.5'],
    ['transfer_exclude', ''],
    ['transfer_exclude', "*.tmp, re('^a,b$', 'I'),cache"],
    ['transfer_attributes', ''],
    ['transfer_attributes', 'Owner, mode'],
    ['transfer_reserved_space', '10%'],
    ['transfer_reserved_space', '2500'],
    ['transfer_resume', 'off'],
    ['somebody_elses', 'whatever'],
    ['ftrack.review-path', ''],
  ])('%s may be "%s"', (name, value) => {
    expect(() => checkSetting(name, value)).not.toThrow()
  })

  test.each([
    ['transfer_encryption', 'rot13'],
    ['queue_interrupt_policy', ''],
    ['transfer_speedlimit', 'fast'],
    ['transfer_speedlimit', '-2'],
    ['transfer_speedlimit', '1e400'],
    ['job_max_retries', ''],
    ['job_max_retries', '1.5'],
    ['task_bucketsize', '0'],
    ['transfer_mode', 'mirror'],
    ['transfer_attributes', 'times,acl'],
    ['transfer_reserved_space', '101%'],
    ['transfer_reserved_space', '-5'],
    ['transfer_resume', 'maybe'],
    ['transfer_exclude', "re('never closed"],
    ['transfer_include', "re('a', 'X')"],
    ['somebody_elses', 'x'.repeat(30_000)],
  ])('%s cannot be "%s"', (name, value) => {
    expect(() => checkSetting(name, value)).toThrow(name)
  })

  test.each(['', 'two words', "a'b", 'x'.repeat(101), 'a\0b'])('cannot be called "%s"', (name) => {
    expect(() => checkSetting(name, '1')).toThrow('name')
  })

  test('with an expression that no engine takes is refused', () => {
    const regex = {
      compile: () => {
        throw new Error('not asked for other filters')
      },
    }
    expect(() => checkSetting('transfer_exclude', '*.tmp', regex)).not.toThrow()
    expect(() => checkSetting('transfer_exclude', "re('(')", regex)).toThrow('not asked')
  })
})

describe('values', () => {
  test.each([
    ['10%', { kind: 'part', part: 0.1 }],
    ['0', { kind: 'bytes', bytes: 0 }],
    ['1.5 MB', { kind: 'bytes', bytes: 1_500_000 }],
    ['100 %', { kind: 'part', part: 1 }],
    ['', undefined],
    ['%', undefined],
    ['1e3', undefined],
  ])('space "%s"', (text, reserve) => {
    expect(readReserve(text)).toEqual(reserve)
  })

  test('switches', () => {
    expect(['true', 'ON', ' yes', '1'].map(readSwitch)).toEqual([true, true, true, true])
    expect(['false', 'off', 'No', '0'].map(readSwitch)).toEqual([false, false, false, false])
    expect(readSwitch('')).toBeUndefined()
  })
})
