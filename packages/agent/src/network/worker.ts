import { parentPort, workerData } from 'node:worker_threads'
import { NetworkHost } from './host.js'
import type { FromNetwork, NetworkOptions, ToNetwork } from './messages.js'

/** The network thread: one host, driven by messages. */
function serve(port: NonNullable<typeof parentPort>): void {
  // Given by network.ts.
  const { options } = workerData as { options: NetworkOptions }
  const host = new NetworkHost(
    (message: FromNetwork, transfer) => port.postMessage(message, transfer ?? []),
    options,
  )
  port.on('message', (message: ToNetwork) => host.receive(message))
}

if (parentPort !== null) serve(parentPort)
