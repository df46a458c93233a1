import { createHash } from 'node:crypto'
import { realpathSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { badInput } from '../../exit.js'

/**
 * Makes sure that one process alone works on a data directory. The lock is a local socket with a name made from
 * the directory: unlike a file with a process id it is gone with its process, however that ends. Answers with
 * what gives it free; throws bad input when another process holds it. Containers that share a directory but no
 * network do not see each other's.
 */
export async function lockDirectory(directory: string): Promise<() => void> {
  const name = socketName(realpathSync(directory))
  const taken = badInput(
    `${directory} is in use by another waybill process on this machine. Stop that one first, or choose another --data.`,
  )
  const server = await listen(name).catch(async (thrown: unknown) => {
    if (!isInUse(thrown)) throw thrown
    if (name.isFile !== true || (await answers(name.path))) throw taken
    // The file of a process that was killed: nobody listens on it any more.
    rmSync(name.path, { force: true })
    return listen(name)
  })
  // It shall not keep the process alive.
  server.unref()
  return () => {
    server.close()
  }
}

interface SocketName {
  readonly path: string
  readonly isFile?: true
}

function socketName(directory: string): SocketName {
  const id = `waybill-${createHash('sha256').update(directory).digest('hex').slice(0, 32)}`
  // On Linux a name without a file, which begins with a zero; pipes on Windows have no file either.
  if (process.platform === 'linux') return { path: `\0${id}` }
  if (process.platform === 'win32') return { path: `\\\\.\\pipe\\${id}` }
  return { path: join(tmpdir(), `${id}.sock`), isFile: true }
}

function listen({ path }: SocketName): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', reject)
    server.listen(path, () => resolve(server))
  })
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

function isInUse(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'EADDRINUSE'
}
