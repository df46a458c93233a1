import { mkdirSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join, resolve } from 'node:path'
import { type EndpointLimits, parseLimits, type RunningServer, startServer } from '@waybill/server'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { badInput } from '../../exit.js'
import { port } from '../numbers.js'
import { databaseUrl, withDatabase } from './database.js'
import { lockDirectory } from './directory-lock.js'

export interface ServerFlags {
  readonly data: string
  readonly port: number
  readonly httpPort?: number
  readonly host?: string
  readonly workspace?: string
  readonly admin: string
  readonly databaseUrl?: string
  readonly limit?: Partial<EndpointLimits>
  readonly smtpUrl?: string
  readonly mailFrom?: string
  readonly publicUrl?: string
}

export function withServerOptions(command: Command): Command {
  return withDatabase(command)
    .requiredOption('--data <dir>', 'where everything is kept; made when it is not there')
    .option('--port <n>', 'HTTPS on all addresses', port, 8443)
    .option('--http-port <n>', 'plain HTTP too, on 127.0.0.1 only', port)
    .option('--host <address>', 'HTTPS on this address only')
    .option('--workspace <code>', 'code of the workspace that the first start makes', 'studio')
    .option('--admin <email>', 'the admin that the first start makes', 'admin@waybill.local')
    .addOption(
      new Option('--smtp-url <url>', 'mail server for invitations: smtp://user:password@host:587')
        .env('WAYBILL_SMTP_URL')
        .argParser(readUrl),
    )
    .addOption(new Option('--mail-from <email>', 'whom mails come from').env('WAYBILL_MAIL_FROM'))
    .addOption(
      new Option('--public-url <url>', 'address of this server in mails')
        .env('WAYBILL_PUBLIC_URL')
        .argParser(readUrl),
    )
    .addOption(
      new Option('--limit <name=number>', 'a limit of the endpoint; see docs/settings.md. May be repeated')
        .env('WAYBILL_LIMITS')
        .argParser(readLimits),
    )
}

function readUrl(text: string): string {
  if (URL.canParse(text)) return text
  throw new InvalidArgumentError('It has to be an address like https://transfer.example.com')
}

function readLimits(text: string, before: Partial<EndpointLimits> = {}): Partial<EndpointLimits> {
  try {
    return { ...before, ...parseLimits([text]) }
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error))
  }
}

export interface ControlPlane {
  readonly data: string
  readonly server: RunningServer
  /** Stops it and gives its directory free. */
  close(): Promise<void>
}

/** Starts the control plane. Bad input when its directory or a port is in use. */
export async function startControlPlane(flags: ServerFlags, serveStorage: boolean): Promise<ControlPlane> {
  const data = resolve(flags.data)
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const unlock = await lockDirectory(data)
  const url = databaseUrl(flags)
  try {
    const server = await startServer({
      data,
      host: flags.host ?? allAddresses(),
      port: flags.port,
      admin: flags.admin,
      ...(flags.workspace === undefined ? {} : { workspace: flags.workspace }),
      ...(flags.httpPort === undefined ? {} : { httpPort: flags.httpPort }),
      ...(url === undefined ? {} : { databaseUrl: url }),
      ...(flags.limit === undefined ? {} : { limits: flags.limit }),
      ...(flags.smtpUrl === undefined ? {} : { smtpUrl: flags.smtpUrl }),
      ...(flags.mailFrom === undefined ? {} : { mailFrom: flags.mailFrom }),
      ...(flags.publicUrl === undefined ? {} : { publicUrl: flags.publicUrl }),
      ...(serveStorage ? { storage: join(data, 'storage') } : {}),
      log: (line) => process.stderr.write(`${line}\n`),
    })
    const close = async (): Promise<void> => {
      await server.close()
      unlock()
    }
    return { data, server, close }
  } catch (thrown) {
    unlock()
    throw portProblem(thrown, flags) ?? thrown
  }
}

/** Prints where it is, as `up` and `serve` both do. */
export function announce({ server }: ControlPlane): void {
  const { url, httpUrl, workspace, user, credentialsFile } = server
  const rows = [
    ['web', url],
    ...(httpUrl === null ? [] : [['plain HTTP', httpUrl]]),
    ['workspace', workspace],
    ['admin', user],
    ['credentials', credentialsFile],
  ]
  for (const [name = '', value = ''] of rows) process.stdout.write(`${name.padEnd(12)} ${value}\n`)
}

/** Waits for SIGTERM or Ctrl-C. */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
}

/** Both families where the machine has both. */
function allAddresses(): string {
  const addresses = Object.values(networkInterfaces()).flat()
  return addresses.some((address) => address?.family === 'IPv6') ? '::' : '0.0.0.0'
}

function portProblem(thrown: unknown, flags: ServerFlags): Error | undefined {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    const code = 'code' in error ? error.code : undefined
    const at = 'port' in error ? String(error.port) : `${flags.port} or ${flags.httpPort ?? '-'}`
    if (code === 'EADDRINUSE')
      return badInput(`port ${at} is in use. Choose another with --port or --http-port.`)
    if (code === 'EACCES' && 'port' in error)
      return badInput(`port ${at} needs more rights. Choose one above 1023 with --port.`)
    if (code === 'EADDRNOTAVAIL') return badInput(`this machine has no address ${flags.host ?? ''}.`)
  }
  return undefined
}
