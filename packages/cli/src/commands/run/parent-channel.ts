import { serverUrl } from '@waybill/sdk'
import type { Credentials } from '../../access/credentials.js'
import { CommandEnd, exitCodes } from '../../exit.js'

/** What a storage agent and the `waybill up` that started it tell each other over the channel between them. */

/** The agent has registered. */
export const connectedMessage = 'connected'

/**
 * Waits for the credentials that the parent sends once its server listens. Until then the process loads what it
 * needs, which saves that time at every start; and no key stands among its arguments or in its environment.
 * Ends the command when the parent goes first.
 */
export function credentialsFromParent(): Promise<Credentials> {
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(new CommandEnd(exitCodes.done))
    process.once('disconnect', gone)
    process.once('message', (message) => {
      process.off('disconnect', gone)
      const credentials = readCredentials(message)
      if (credentials === undefined)
        reject(new CommandEnd(exitCodes.badInput, 'the parent sent no credentials'))
      else resolve(credentials)
    })
    if (!process.connected) gone()
  })
}

function readCredentials(message: unknown): Credentials | undefined {
  if (typeof message !== 'object' || message === null) return undefined
  const { server, workspace, user, apiKey, fingerprint }: Record<string, unknown> = { ...message }
  if (typeof server !== 'string' || typeof workspace !== 'string') return undefined
  if (typeof user !== 'string' || typeof apiKey !== 'string') return undefined
  const pinned = typeof fingerprint === 'string' ? { fingerprint } : {}
  return { server: serverUrl(server), workspace, user, apiKey, ...pinned }
}

/** Calls back when the parent is gone, however it ended; never when there is none. */
export function onParentGone(stop: () => void): void {
  if (process.send === undefined) return
  process.once('disconnect', stop)
  if (!process.connected) stop()
}
