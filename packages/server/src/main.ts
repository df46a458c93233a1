import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { createAuthenticator } from './access/authenticate.js'
import { bootstrap } from './access/bootstrap.js'
import { createHub } from './agents/create-hub.js'
import { agentLogin } from './agents/login.js'
import { resetPresence } from './agents/presence.js'
import { systemClock } from './context.js'
import {
  createApp,
  defaultLimits,
  type EndpointLimits,
  type Listeners,
  listen,
  loadCertificate,
  Strangers,
} from './http/index.js'
import { createJobService } from './jobs/create-service.js'
import { JobEngine } from './jobs/engine.js'
import { MailSender } from './mail/sender.js'
import { openStore } from './store/open.js'
import type { Store } from './store/store.js'

export interface ServerOptions {
  /** Directory that everything is kept in. */
  readonly data: string
  readonly host: string
  readonly port: number
  /** Plain HTTP too, on 127.0.0.1 only. */
  readonly httpPort?: number
  /** PostgreSQL instead of the database within `data`. */
  readonly databaseUrl?: string
  /** Code of the workspace, and email of the admin, that the first start makes. */
  readonly workspace?: string
  readonly admin?: string
  /** Directory of the default volume on the machine that will serve it. */
  readonly storage?: string
  /** Mail server that invitations go out through, `smtp://user:password@host:587`; none are sent without. */
  readonly smtpUrl?: string
  /** Whom mails come from. */
  readonly mailFrom?: string
  /** Address of this server as people reach it, for links in mails. */
  readonly publicUrl?: string
  /** Limits of the endpoint that differ from the usual ones. */
  readonly limits?: Partial<EndpointLimits>
  readonly log: (line: string) => void
}

export interface RunningServer {
  readonly url: string
  readonly httpUrl: string | null
  readonly fingerprint: string
  readonly workspace: string
  readonly user: string
  /** Known at the first start only. */
  readonly apiKey: string | null
  readonly credentialsFile: string
  close(): Promise<void>
}

/** Ports that agents may listen on for one another. */
const ports = [45_190, 45_209] as const

/** Starts a control plane: store, engine, agents' lines, wire endpoint. Rejects when a port is taken. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { data, databaseUrl, workspace = 'studio', admin = 'admin@waybill.local' } = options
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const certificate = await loadCertificate(join(data, 'tls'), systemClock.now())
  const store = await openStore(databaseUrl === undefined ? { data } : { databaseUrl })
  let parts: Omit<Awaited<ReturnType<typeof open>>, 'app'> | undefined
  try {
    await store.migrate()
    const first = await bootstrap(store, { workspace, admin, volumePath: options.storage ?? '' })
    await resetPresence(store, systemClock.now())
    parts = await open(store, certificate, options)
    const place = placeOf(options, parts.listeners)
    const user = writeCredentials(join(data, 'credentials.json'), {
      ...place,
      workspace,
      fingerprint: certificate.fingerprint,
      ...(first.apiKey === undefined ? {} : { user: admin, api_key: first.apiKey }),
    })
    return {
      url: place.url,
      httpUrl: place.http_url,
      fingerprint: certificate.fingerprint,
      workspace,
      user: user ?? admin,
      apiKey: first.apiKey ?? null,
      credentialsFile: join(data, 'credentials.json'),
      close: async () => await close(store, parts),
    }
  } catch (error) {
    await close(store, parts)
    throw error
  }
}

async function open(
  store: Store,
  certificate: Awaited<ReturnType<typeof loadCertificate>>,
  options: ServerOptions,
) {
  const clock = systemClock
  const log = (message: string, error?: unknown) => {
    options.log(error === undefined ? message : `${message}: ${inspect(error)}`)
  }
  const authenticator = createAuthenticator(store, { log })
  const limits: EndpointLimits = { ...defaultLimits, ...options.limits }
  const strangers = new Strangers(limits.unauthenticated, limits.holdMs)
  const hub = createHub({
    authenticate: agentLogin(store, authenticator, clock),
    log,
    volumeServed: (workspace, id) => jobs.touched(workspace, { entitytype: 'volume', id }),
    loggedIn: (socket) => strangers.loggedIn(socket),
  })
  const engine = new JobEngine({ store, hub, clock, owner: randomUUID(), ports, log })
  const jobs = createJobService(engine)
  hub.listen(engine)
  await engine.start()
  const app = createApp({ store, authenticator, hub, jobs, clock, limits, strangers, logFault: options.log })
  const { host, port, httpPort } = options
  const { maxHeader } = limits
  const own = httpPort === undefined ? {} : { httpPort }
  const listening = { host, port, certificate, maxHeader, strangers, ...own }
  const listeners = await listen(app, listening).catch(async (error: unknown) => {
    await engine.close()
    await hub.close()
    throw error
  })
  hub.attach(listeners.https)
  if (listeners.http !== undefined) hub.attach(listeners.http)
  const mail = startMail(store, options, listeners)
  return { hub, engine, listeners, app, mail }
}

/** Sends what is in the outbox, where there is a mail server. */
function startMail(store: Store, options: ServerOptions, { port }: Listeners): MailSender | undefined {
  const { smtpUrl, publicUrl = `https://${hostname()}:${port}`, log } = options
  if (smtpUrl === undefined) return undefined
  const server = publicUrl.replace(/\/+$/, '')
  const from = options.mailFrom ?? `waybill@${new URL(server).hostname}`
  const sender = new MailSender({ store, clock: systemClock, log, smtpUrl, from, server })
  sender.start()
  return sender
}

async function close(
  store: Store,
  parts: Omit<Awaited<ReturnType<typeof open>>, 'app'> | undefined,
): Promise<void> {
  await parts?.mail?.close()
  await parts?.hub.close()
  await parts?.listeners.close()
  await parts?.engine.close()
  await store.close()
}

function placeOf({ host }: ServerOptions, { port, httpPort }: Listeners) {
  const anywhere = host === '0.0.0.0' || host === '::'
  const name = anywhere ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  return {
    url: `https://${name}:${port}`,
    http_url: httpPort === undefined ? null : `http://127.0.0.1:${httpPort}`,
  }
}

/** Writes where the server is, for scripts on this machine; keeps the key that the first start made. */
function writeCredentials(file: string, fresh: Record<string, unknown>): string | undefined {
  const merged = { ...readObject(file), ...fresh }
  const temporary = `${file}.new`
  writeFileSync(temporary, `${JSON.stringify(merged, null, 2)}\n`, { mode: 0o600 })
  renameSync(temporary, file)
  return 'user' in merged && typeof merged.user === 'string' ? merged.user : undefined
}

function readObject(file: string): object {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
