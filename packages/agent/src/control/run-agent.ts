import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { AgentType } from '@waybill/api'
import { FilePlane } from '../files/file-plane.js'
import { Agent } from './agent.js'
import { plainFingerprint } from './line/trust.js'
import { cleanLog } from './log.js'
import type { EngineFactory, Log } from './session-engine.js'
import { Sessions } from './sessions/sessions.js'
import { Identity } from './state/identity.js'
import { takeLock } from './state/lock.js'
import { TrashKeeper } from './trash/keeper.js'
import { watchTrash } from './trash/watch.js'

export interface AgentOptions {
  /** Address of the control plane, `https://HOST:PORT` (or `http:`, on one's own machine). */
  readonly server: string
  readonly workspace: string
  /** Email of the user that the agent runs for, and a key of that account. */
  readonly user: string
  readonly apiKey: string
  readonly type: AgentType
  /** Name of the client; the machine's host name when absent. */
  readonly name?: string | undefined
  /** Directory for what the agent remembers; made when it is not there. */
  readonly state: string
  /** SHA-256 of the server's certificate, hex; without it the first certificate seen is trusted. */
  readonly fingerprint?: string | undefined
  /** Ports to listen at for other agents, first and last; those that the control plane names when absent. */
  readonly ports?: readonly [number, number] | undefined
  readonly log: Log
  readonly engine: EngineFactory
  /** Milliseconds between heartbeats; tests shorten it. */
  readonly heartbeat?: number
}

export interface RunningAgent {
  /** Resolves when the control plane has welcomed the agent for the first time. */
  readonly welcomed: Promise<void>
  /** Resolves when the agent has stopped: asked to, or (with the reason) since it lost its state directory. */
  readonly stopped: Promise<string | undefined>
  /** Ends the sessions, whose files stay for later ones to resume from, and the line. */
  stop(): Promise<void>
}

const name = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,252}$/u

/**
 * Starts an agent. Rejects when it cannot run at all: bad options, or a state directory that cannot be used or is
 * in use. From then on nothing stops it but `stop`: what goes wrong with the line goes to the log.
 */
export async function startAgent(options: AgentOptions): Promise<RunningAgent> {
  const url = serverUrl(options.server)
  if (options.name !== undefined && !name.test(options.name)) {
    throw new Error(`Not a name for an agent: letters, digits, ".", "-" and "_" make one`)
  }
  if (options.fingerprint !== undefined && plainFingerprint(options.fingerprint).length !== 64) {
    throw new Error('Not a fingerprint: the SHA-256 of a certificate has 64 hexadecimal digits')
  }
  const log = cleanLog(options.log)
  const directory = resolve(options.state)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  let end: (why?: string) => Promise<void> = () => Promise.resolve()
  const lock = await takeLock(directory, () => {
    log('error', `Another agent took over the state directory ${directory}; this one stops`)
    void end('Another agent took over the state directory')
  })
  try {
    const identity = await Identity.load(directory, log)
    const files = new FilePlane()
    const trash = await TrashKeeper.load(directory, files, log)
    const sessions = new Sessions(watchTrash(options.engine, trash), log)
    const { workspace, user, apiKey, type, fingerprint, ports, heartbeat } = options
    const line = { workspace, user, apiKey, type, name: options.name, fingerprint, ports }
    const agent = new Agent(
      { ...line, url, log, identity, ...(heartbeat === undefined ? {} : { heartbeat }) },
      sessions,
      files,
    )
    trash.start()
    const running = agent.run()
    let ending: Promise<void> | undefined
    let resolveStopped: (why: string | undefined) => void = () => undefined
    const stopped = new Promise<string | undefined>((resolve) => {
      resolveStopped = resolve
    })
    end = (why) => {
      ending ??= (async () => {
        await Promise.all([trash.close(), agent.stop()])
        await running
        await lock.release()
        resolveStopped(why)
      })()
      return ending
    }
    return { welcomed: agent.welcomed, stopped, stop: () => end() }
  } catch (error) {
    await lock.release()
    throw error
  }
}

function serverUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw new Error(`Not the address of a server, such as https://waybill.example.com:8443: ${text}`)
  }
  return url
}
