import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readCredentials, removeCredentials, writeCredentials } from './credential-files.js'
import { resolveCredentials, type Sources } from './credentials.js'

const kept = {
  server: 'https://kept:8443',
  workspace: 'studio',
  user: 'lisa@x.se',
  apiKey: 'kept',
  fingerprint: 'f',
}
const none: Sources = { flags: {}, env: {}, data: undefined, login: () => undefined }

test('flags before the environment before what login kept', () => {
  const env = { WAYBILL_SERVER: 'env', WAYBILL_WORKSPACE: 'w', WAYBILL_USER: 'u', WAYBILL_API_KEY: 'k' }
  expect(resolveCredentials({ ...none, login: () => kept })).toEqual(kept)
  expect(resolveCredentials({ ...none, env, login: () => kept })).toEqual({
    server: 'https://env',
    workspace: 'w',
    user: 'u',
    apiKey: 'k',
  })
  expect(resolveCredentials({ ...none, env, flags: { user: 'flag', server: undefined } })).toMatchObject({
    user: 'flag',
    apiKey: 'k',
  })
})

test('the names of existing environments are read, our own first', () => {
  const env = { WAYBILL_SERVER: 's', ACCSYN_WORKSPACE: 'w', ACCSYN_API_USER: 'u', ACCSYN_API_KEY: 'k' }
  expect(resolveCredentials({ ...none, env })).toEqual({
    server: 'https://s',
    workspace: 'w',
    user: 'u',
    apiKey: 'k',
  })
  expect(resolveCredentials({ ...none, env: { ...env, WAYBILL_USER: 'mine' } })).toMatchObject({
    user: 'mine',
  })
})

test('--data means that installation, whatever the environment says', () => {
  const env = { WAYBILL_SERVER: 'env', WAYBILL_USER: 'u', WAYBILL_API_KEY: 'k' }
  expect(resolveCredentials({ ...none, env, data: () => kept })).toEqual(kept)
})

test('a kept key goes to its own server and user only', () => {
  const login = (): typeof kept => kept
  expect(() => resolveCredentials({ ...none, flags: { server: 'https://other' }, login })).toThrow(/API key/)
  expect(() => resolveCredentials({ ...none, flags: { user: 'max@x.se' }, login })).toThrow(/API key/)
  expect(() => resolveCredentials({ ...none, env: { WAYBILL_SERVER: 'other' }, login })).toThrow(/API key/)
  expect(resolveCredentials({ ...none, flags: { server: 'kept:8443/' }, login })).toMatchObject({
    apiKey: 'kept',
  })
  expect(resolveCredentials({ ...none, flags: { workspace: 'w2' }, login })).toMatchObject({
    workspace: 'w2',
    apiKey: 'kept',
  })
})

test('what is missing is listed with the ways to give it', () => {
  const attempt = (): unknown => resolveCredentials({ ...none, flags: { user: 'u' } })
  expect(attempt).toThrow(/--server.*--workspace.*--api-key.*--data.*waybill login/s)
  expect(attempt).not.toThrow(/--user/)
})

test('files of credentials are for their owner alone', () => {
  const directory = mkdtempSync(join(tmpdir(), 'waybill-credentials-'))
  const path = join(directory, 'deep', 'credentials.json')
  expect(readCredentials(path)).toBeUndefined()
  writeCredentials(path, kept)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readCredentials(path)).toEqual(kept)
  expect(removeCredentials(path)).toBe(true)
  expect(removeCredentials(path)).toBe(false)
  rmSync(directory, { recursive: true })
})
