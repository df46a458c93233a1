// @ts-check
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'

/** @typedef {import('./network.js').Line} Line */

/** Runs a program that has to end well, and answers with what it printed. */
export function must(/** @type {string} */ command, /** @type {readonly string[]} */ args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status === 0) return stdout.trim()
  throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`)
}

/** Namespaces and addresses of the two hosts of a line that is called `name`. */
export function hostsOf(/** @type {string} */ name) {
  const host = (/** @type {string} */ letter, /** @type {string} */ address) => ({
    namespace: `${name}-${letter}`,
    address,
    command: ['ip', 'netns', 'exec', `${name}-${letter}`],
  })
  return { a: host('a', '10.77.0.1'), b: host('b', '10.77.0.2') }
}

/** @typedef {ReturnType<typeof hostsOf>} Hosts */

/** Makes both hosts anew, with the line's congestion control. */
export function makeNamespaces(/** @type {Hosts} */ hosts, /** @type {Line} */ { cc }) {
  for (const { namespace } of Object.values(hosts)) {
    removeNamespace(namespace)
    must('ip', ['netns', 'add', namespace])
    // Hosts may only choose among what the machine allows, but being root we may set it all the same.
    must('ip', ['netns', 'exec', namespace, 'sysctl', '-qw', `net.ipv4.tcp_congestion_control=${cc}`])
  }
}

export function removeNamespaces(/** @type {Hosts} */ hosts) {
  for (const { namespace } of Object.values(hosts)) removeNamespace(namespace)
}

function removeNamespace(/** @type {string} */ namespace) {
  if (existsSync(`/var/run/netns/${namespace}`)) must('ip', ['netns', 'delete', namespace])
}

/** Removes what runs left behind that were killed: names end in the number of their process. */
export function removeStale(/** @type {RegExp} */ pattern) {
  if (!existsSync('/var/run/netns')) return
  for (const name of readdirSync('/var/run/netns')) {
    const [, pid] = pattern.exec(name) ?? []
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) removeNamespace(name)
  }
}
