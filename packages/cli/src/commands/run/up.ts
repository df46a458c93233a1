import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { readCredentials } from '../../access/credential-files.js'
import type { Credentials } from '../../access/credentials.js'
import { failed } from '../../exit.js'
import {
  announce,
  type ControlPlane,
  type ServerFlags,
  startControlPlane,
  stopSignal,
  withServerOptions,
} from './control-plane.js'
import { StorageAgent } from './storage-agent.js'

/** How long "ready" is held back for the storage agent; it goes on trying afterwards. */
const patienceMs = 10_000

export const command = withServerOptions(new Command('up'))
  .description(
    'Runs a control plane, and beside it a storage agent that serves DIR/storage as the volume "storage". The ' +
      'first start makes a workspace, an admin, an API key and a certificate. Stops on SIGTERM and Ctrl-C.',
  )
  .addHelpText('after', '\nExample:\n  waybill up --data ./waybill\n  waybill find volume --data ./waybill')
  .action(async (flags: ServerFlags) => {
    const stopped = stopSignal()
    const log = (line: string): void => void process.stderr.write(`agent: ${line}\n`)
    const agent = new StorageAgent({ state: join(resolve(flags.data), 'agent'), log })
    // Both load at the same time; it touches nothing before it is told where to connect.
    agent.start()
    let plane: ControlPlane | undefined
    try {
      plane = await startControlPlane(flags, true)
      agent.connect(credentialsOf(plane, flags.host))
      announce(plane)
      await tellReady(agent, stopped)
      await stopped
    } finally {
      await agent.stop()
      await plane?.close()
    }
  })

async function tellReady(agent: StorageAgent, stopped: Promise<void>): Promise<void> {
  const late = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), patienceMs).unref())
  const first = await Promise.race([
    agent.connected.then(() => 'connected' as const),
    stopped.then(() => 'stopped' as const),
    late,
  ])
  if (first === 'stopped') return
  if (first === 'late')
    process.stderr.write('The storage agent is not connected yet; its volume is offline until then.\n')
  process.stdout.write('ready\n')
}

function credentialsOf({ server, data }: ControlPlane, host: string | undefined): Credentials {
  const apiKey = server.apiKey ?? readCredentials(server.credentialsFile)?.apiKey
  if (apiKey === undefined)
    throw failed(
      `${server.credentialsFile} has no API key, so the storage agent cannot log in. Make one with ` +
        `"waybill key create ${server.user} --data ${data}" and put it there as api_key.`,
    )
  return {
    server: `https://${localAddress(host)}:${new URL(server.url).port || '443'}`,
    workspace: server.workspace,
    user: server.user,
    apiKey,
    fingerprint: server.fingerprint,
  }
}

/** An address of this machine that the server listens on. */
function localAddress(host: string | undefined): string {
  if (host === undefined || host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
