import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import envPaths from 'env-paths'
import { badInput } from '../exit.js'
import type { Credentials, Partly } from './credentials.js'

/** Where agents keep their state unless told otherwise. */
export function agentStates(): string {
  return join(envPaths('waybill', { suffix: '' }).data, 'agents')
}

/** What `waybill login` keeps. */
export function loginFile(): string {
  return join(envPaths('waybill', { suffix: '' }).config, 'credentials.json')
}

/** The credentials that `waybill up` and `serve` leave in their data directory. */
export function dataFile(data: string): string {
  return join(data, 'credentials.json')
}

/** Reads a file of credentials; undefined when there is none. Throws bad input when it cannot be read. */
export function readCredentials(path: string): Partly | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw badInput(`${path} cannot be read: ${String(cause)}`)
  }
  const json = parse(text)
  if (json === undefined) throw badInput(`${path} is no file of credentials. Remove it and log in again.`)
  const part = (name: string): string | undefined => {
    const value = json[name]
    return typeof value === 'string' ? value : undefined
  }
  return {
    server: part('url'),
    workspace: part('workspace'),
    user: part('user'),
    apiKey: part('api_key'),
    fingerprint: part('fingerprint'),
  }
}

/** Keeps credentials for their owner alone. The file is whole or not there. */
export function writeCredentials(path: string, credentials: Credentials): void {
  const { server, workspace, user, apiKey, fingerprint } = credentials
  const json = { url: server, workspace, user, api_key: apiKey, fingerprint }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${process.pid}`
  writeFileSync(temporary, `${JSON.stringify(json, null, 2)}\n`, { mode: 0o600 })
  renameSync(temporary, path)
}

/** False when there was none. */
export function removeCredentials(path: string): boolean {
  const there = readCredentials(path) !== undefined
  rmSync(path, { force: true })
  return there
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(text)
    return typeof json === 'object' && json !== null ? { ...json } : undefined
  } catch {
    return undefined
  }
}
