import type { IncomingMessage } from 'node:http'

/** Bytes and time that are spent on reading what a client sends although it was refused. */
const mostBytes = 256 * 1024 * 1024
const mostTime = 10_000
/** A client that has gone quiet waits for the answer. */
const mostSilence = 1000

/**
 * Reads the rest of a body and drops it. A connection that is closed on a client which is still sending is
 * reset, and takes the answer with it. Gives up on bodies without end.
 */
export async function drain(request: IncomingMessage): Promise<void> {
  if (request.readableEnded || request.destroyed) return
  await new Promise<void>((resolve) => {
    let read = 0
    const finish = (): void => {
      clearTimeout(timer)
      clearTimeout(silence)
      request.off('data', count)
      resolve()
    }
    const count = (chunk: Buffer): void => {
      read += chunk.length
      silence.refresh()
      if (read > mostBytes) finish()
    }
    const timer = setTimeout(finish, mostTime)
    const silence = setTimeout(finish, mostSilence)
    request.on('data', count)
    request.once('end', finish)
    request.once('close', finish)
    request.resume()
  })
}
