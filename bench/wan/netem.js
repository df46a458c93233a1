// @ts-check
import { spawnSync } from 'node:child_process'
import { hostsOf, makeNamespaces, must, removeNamespaces } from './namespaces.js'

/** Whether this kernel has the queueing disciplines netem and tbf; tried where it does no harm. */
export function hasNetem() {
  if (known !== undefined) return known
  const attempt =
    'ip link set lo up && tc qdisc add dev lo root handle 1: netem delay 1ms && ' +
    'tc qdisc add dev lo parent 1:1 handle 2: tbf rate 1gbit burst 64kb latency 10ms'
  known = spawnSync('unshare', ['--net', 'sh', '-c', attempt], { stdio: 'ignore' }).status === 0
  return known
}

/** @type {boolean | undefined} */
let known

/**
 * Two namespaces joined by a pair of virtual Ethernet devices, whose queues are what the line is.
 * @param {string} name
 * @param {import('./network.js').Line} line
 * @returns {Promise<import('./network.js').Network>}
 */
export async function netemNetwork(name, line) {
  const hosts = hostsOf(name)
  makeNamespaces(hosts, line)
  must('ip', [
    'link',
    'add',
    'line0',
    'netns',
    hosts.a.namespace,
    'type',
    'veth',
    'peer',
    'name',
    'line0',
    'netns',
    hosts.b.namespace,
  ])
  for (const { namespace, address } of Object.values(hosts)) {
    const ip = (/** @type {string[]} */ ...args) => must('ip', ['-n', namespace, ...args])
    const tc = (/** @type {string[]} */ ...args) =>
      must('tc', ['-n', namespace, 'qdisc', 'add', 'dev', 'line0', ...args])
    ip('link', 'set', 'lo', 'up')
    ip('address', 'add', `${address}/24`, 'dev', 'line0')
    // One packet at a time, as on a wire: a loss is to hit 1,500 bytes and not 64 KiB.
    ip('link', 'set', 'line0', 'gso_max_segs', '1', 'up')
    // Twice what is under way at full rate, so that only the rate's own queue ever drops for want of room.
    const limit =
      Math.ceil(((line.rate * 1e6) / 8 / 1500) * ((2 * line.delay + line.queue) / 1000) * 2) + 1000
    tc(
      'root',
      'handle',
      '1:',
      'netem',
      'delay',
      `${line.delay}ms`,
      'loss',
      `${line.loss}%`,
      'limit',
      String(limit),
    )
    tc(
      'parent',
      '1:1',
      'handle',
      '2:',
      'tbf',
      'rate',
      `${line.rate}mbit`,
      'burst',
      '64kb',
      'latency',
      `${line.queue}ms`,
    )
  }
  return {
    kind: "the kernel's netem and tbf on virtual Ethernet",
    hosts,
    control: undefined,
    down: async () => {
      removeNamespaces(hosts)
      return ''
    },
  }
}
