// @ts-check
import { freePort, ManagedProcess } from '@waybill/testkit'
import { has, missing, startServer } from './commands.js'

/**
 * TCP as the kernel does it, with nothing to read or write.
 * @param {import('../wan/host.js').Host} host
 */
export async function startIperf(host) {
  if (!has('iperf3')) return missing('iperf3')
  const port = await freePort()
  const server = await startServer(host, port, 'iperf3', ['-s', '-p', String(port)])
  return {
    group: server.pid,
    /**
     * Mbit/s that arrived over some connections in some seconds, after some others that do not count.
     * @param {{ connections: number, seconds: number, omit?: number }} load
     */
    async measure({ connections, seconds, omit = 0 }) {
      const words = [
        '-c',
        host.address,
        '-p',
        String(port),
        '-P',
        String(connections),
        '-t',
        String(seconds),
        '-O',
        String(omit),
        '-J',
      ]
      const client = new ManagedProcess('iperf3', words, { name: 'iperf3' })
      await client.exited
      const { end, error } = JSON.parse(client.stdout)
      if (error !== undefined) throw new Error(`iperf3: ${error}`)
      return Number(end.sum_received.bits_per_second) / 1e6
    },
  }
}
