import {
  availableParallelism,
  freemem,
  hostname,
  loadavg,
  networkInterfaces,
  totalmem,
  userInfo,
} from 'node:os'

/** The name of this machine, as far as it can be part of `email@host:path`. */
export function defaultName(): string {
  const name = hostname().replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')
  return name.replace(/^[^\p{L}\p{N}]+/u, '').slice(0, 253) || 'unnamed'
}

/** The account that the agent runs as; systems without a name for it have its number. */
export function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? '')
  }
}

export function osName(): 'linux' | 'mac' | 'windows' {
  if (process.platform === 'win32') return 'windows'
  return process.platform === 'darwin' ? 'mac' : 'linux'
}

/**
 * Addresses that others may reach this machine at: all but link-local ones, which need a zone that means
 * nothing elsewhere. Its own loopback comes last, for agents of the same machine.
 */
export function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  const outside = all.filter(({ internal, address }) => !internal && !/^(169\.254\.|fe[89ab])/i.test(address))
  return [...new Set(outside.map(({ address }) => address)), '127.0.0.1'].slice(-100)
}

/** What a heartbeat tells of the machine: load (share of its processors in use, by and large) and bytes. */
export function metrics(): Record<string, number> {
  const [load = 0] = loadavg()
  return {
    load: Math.round((load / availableParallelism()) * 100) / 100,
    memory_free: freemem(),
    memory_total: totalmem(),
    memory_used: process.memoryUsage.rss(),
  }
}
