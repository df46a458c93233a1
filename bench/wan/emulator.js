// @ts-check
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { fileURLToPath } from 'node:url'
import { ManagedProcess } from '@waybill/testkit'
import { hostsOf, makeNamespaces, must, removeNamespaces } from './namespaces.js'

const source = fileURLToPath(new URL('emulator.c', import.meta.url))

/** Why the emulator cannot run here; undefined when it can. */
export function whyNoEmulator() {
  if (!existsSync('/dev/net/tun')) return 'This kernel has neither netem nor TUN devices'
  if (spawnSync('cc', ['--version'], { stdio: 'ignore' }).status !== 0)
    return 'This kernel has no netem, and there is no C compiler (cc) to build the emulator with'
  return undefined
}

/** Compiles the emulator unless that was done since it was last changed; answers with its path. */
export function buildEmulator() {
  const directory = `${tmpdir()}/waybill-emulator-${userInfo().uid}`
  const program = `${directory}/emulator`
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return program
  // Under another name first: two may do this at a time.
  must('cc', ['-O2', '-Wall', '-pthread', '-o', `${program}.${process.pid}`, source])
  must('mv', [`${program}.${process.pid}`, program])
  return program
}

/** What the emulator is started with. */
export function emulatorArguments(
  /** @type {import('./namespaces.js').Hosts} */ { a, b },
  /** @type {string} */ control,
  /** @type {Omit<import('./network.js').Line, 'cc'> & Record<string, number>} */ properties,
) {
  const words = Object.entries(properties).flatMap(([name, value]) => [`--${name}`, String(value)])
  return [a.namespace, a.address, b.namespace, b.address, '--control', control, ...words]
}

/**
 * A network whose line is our own emulator, which ends with this process.
 * @param {string} name
 * @param {import('./network.js').Line} line
 * @returns {Promise<import('./network.js').Network>}
 */
export async function emulatedNetwork(name, line) {
  const program = buildEmulator()
  const hosts = hostsOf(name)
  makeNamespaces(hosts, line)
  const control = `${tmpdir()}/waybill-${name}.control`
  rmSync(control, { force: true })
  must('mkfifo', ['-m', '600', control])
  const { cc: _, ...properties } = line
  const emulator = new ManagedProcess(program, emulatorArguments(hosts, control, properties), {
    name: 'emulator',
  })
  await emulator.printed(/ready/)
  return {
    kind: 'our emulator between TUN devices (bench/wan/emulator.c)',
    hosts,
    control,
    down: async () => {
      await emulator.terminate()
      removeNamespaces(hosts)
      rmSync(control, { force: true })
      return emulator.stdout.replace('ready', '').trim()
    },
  }
}
