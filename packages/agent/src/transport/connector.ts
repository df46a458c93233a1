import { connect as connectPlain, type Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { CipherError, type CipherStrength, checkCipher, suites, tlsOptions } from './secure.js'

export interface Dial {
  readonly addresses: readonly string[]
  readonly port: number
  readonly identity: string
  readonly key: Buffer
  readonly cipher: CipherStrength
  /** For all of it; milliseconds. */
  readonly timeoutMs: number
  /** TCP stands, after so many milliseconds; TLS begins. */
  readonly connected?: (socket: TLSSocket, ms: number) => void
}

/** Nobody answered, or nobody who knows the key. `refused` tells the second from the first. */
export class DialError extends Error {
  readonly refused: boolean

  constructor(message: string, refused: boolean, cause: unknown) {
    super(message, { cause })
    this.refused = refused
  }
}

/** How long one address has for itself before the next is tried beside it. */
const staggerMs = 50

/** One connection to one address, with the handshake done and looked at. */
export function dial(host: string, options: Dial, abort: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...tlsOptions,
      host,
      port: options.port,
      ciphers: suites[options.cipher],
      pskCallback: () => ({ psk: options.key, identity: options.identity }),
      // There is no certificate: what proves the peer is the key.
      checkServerIdentity: () => undefined,
    })
    const begun = performance.now()
    socket.once('connect', () => options.connected?.(socket, performance.now() - begun))
    const timer = setTimeout(() => socket.destroy(new Error('No answer in time')), options.timeoutMs)
    const onAbort = () => socket.destroy(new Error('Another address was faster'))
    abort.addEventListener('abort', onAbort)
    const settle = () => {
      clearTimeout(timer)
      abort.removeEventListener('abort', onAbort)
    }
    socket.once('secureConnect', () => {
      settle()
      try {
        checkCipher(socket, options.cipher)
        resolve(socket)
      } catch (error) {
        socket.destroy()
        reject(error instanceof Error ? error : new Error(String(error)))
      }
    })
    socket.on('error', (error: Error) => {
      settle()
      reject(error)
    })
    socket.once('close', () => {
      settle()
      reject(new Error('The connection was closed'))
    })
  })
}

/** A plain connection to where a link already stands; what goes over it is sealed by records. */
export function dialPlain(host: string, { port, timeoutMs }: Dial): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectPlain({ host, port })
    const timer = setTimeout(() => socket.destroy(new Error('No answer in time')), timeoutMs)
    socket.once('close', () => clearTimeout(timer))
    socket.once('error', reject)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', reject)
      // Between here and its taker it may break as well; its end says enough.
      socket.on('error', () => undefined)
      resolve(socket)
    })
  })
}

/**
 * Tries all addresses, likeliest first, a little after one another but side by side. `take` says whether a
 * socket that stands is what was looked for; the first one wins. Throws DialError or CipherError.
 */
export async function dialAny(
  options: Dial,
  take: (socket: TLSSocket) => Promise<boolean>,
): Promise<{ host: string; socket: TLSSocket }> {
  const abort = new AbortController()
  const failures: { host: string; error: unknown }[] = []
  const attempt = async (host: string, index: number) => {
    await pause(index * staggerMs, abort.signal)
    let socket: TLSSocket | undefined
    try {
      socket = await dial(host, options, abort.signal)
      if (abort.signal.aborted || !(await take(socket))) {
        throw new Error('The other agent did not take the connection')
      }
      return { host, socket }
    } catch (error) {
      socket?.destroy()
      failures.push({ host, error })
      throw error
    }
  }
  try {
    return await Promise.any(options.addresses.map(attempt))
  } catch {
    throw failureOf(failures, options.port)
  } finally {
    abort.abort()
  }
}

function pause(ms: number, abort: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(new Error('Another address was faster'))
    }
    const timer = setTimeout(() => {
      abort.removeEventListener('abort', stop)
      resolve()
    }, ms)
    abort.addEventListener('abort', stop, { once: true })
  })
}

function failureOf(failures: readonly { host: string; error: unknown }[], port: number): Error {
  const weak = failures.find(({ error }) => error instanceof CipherError)?.error
  if (weak instanceof CipherError) return weak
  const parts = failures.map(({ host, error }) => `${host}: ${wordsOf(error)}`)
  const refused = failures.some(({ error }) => codeOf(error).startsWith('ERR_SSL'))
  const what = refused ? 'The other agent refused the key' : `Cannot reach the other agent at port ${port}`
  return new DialError(`${what} (${parts.join('; ')})`, refused, failures[0]?.error)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function wordsOf(error: unknown): string {
  return codeOf(error) || (error instanceof Error ? error.message : String(error))
}
