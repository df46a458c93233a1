import type { Socket as DatagramSocket } from 'node:dgram'
import { Socket } from 'node:net'
import { cLibrary, type NativeCall } from './native.js'

/** Numbers of Linux; other systems have other ones, and none of these options. */
const levelTcp = 6
const levelUdp = 17
const tcpInfo = 11
const tcpCongestion = 13
const udpSegment = 103
/** Where `tcpi_rtt` stands in `struct tcp_info`; microseconds. */
const rttAt = 68

interface Calls {
  readonly set: NativeCall
  readonly get: NativeCall
}

let calls: Calls | undefined | 'unknown' = 'unknown'

function linuxCalls(): Calls | undefined {
  if (calls === 'unknown') {
    const library = process.platform === 'linux' ? cLibrary() : undefined
    const set = library?.find(
      'int setsockopt(int fd, int level, int name, const void *value, uint32_t length)',
    )
    const get = library?.find('int getsockopt(int fd, int level, int name, void *value, void *length)')
    calls = set && get && { set, get }
  }
  return calls
}

/** Asks the kernel for BBR on one connection. Answers whether it agreed. */
export function useBbr(socket: Socket): boolean {
  const fd = descriptorOf(socket)
  const name = Buffer.from('bbr')
  return fd !== undefined && linuxCalls()?.set(fd, levelTcp, tcpCongestion, name, name.length) === 0
}

/** The round trip of a connection as the kernel measured it, milliseconds; undefined when it cannot be asked. */
export function kernelRoundTrip(socket: object): number | undefined {
  const fd = descriptorOf(socket)
  const info = Buffer.alloc(256)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(info.length)
  if (fd === undefined || linuxCalls()?.get(fd, levelTcp, tcpInfo, info, length) !== 0) return undefined
  const microseconds = length.readUInt32LE(0) > rttAt + 4 ? info.readUInt32LE(rttAt) : 0
  return microseconds === 0 ? undefined : microseconds / 1000
}

/**
 * Has the kernel cut what is sent over a socket into datagrams of `size` bytes; 0 ends that. Answers whether it agreed.
 */
export function cutDatagrams(socket: DatagramSocket, size: number): boolean {
  const fd = descriptorOf(socket)
  const value = Buffer.alloc(4)
  value.writeInt32LE(size)
  return fd !== undefined && linuxCalls()?.set(fd, levelUdp, udpSegment, value, value.length) === 0
}

/** Node does not tell the descriptor of a socket; where it keeps it is no promise, so nothing may depend on it. */
function descriptorOf(socket: object): number | undefined {
  if (socket instanceof Socket) return descriptorIn(read(socket, '_handle'))
  // Asking datagram sockets for that name warns; it is behind a symbol as well.
  for (const key of Object.getOwnPropertySymbols(socket)) {
    const descriptor = descriptorIn(read(read(socket, key), 'handle'))
    if (descriptor !== undefined) return descriptor
  }
  return undefined
}

function descriptorIn(handle: unknown): number | undefined {
  const descriptor = read(handle, 'fd')
  return typeof descriptor === 'number' && descriptor >= 0 ? descriptor : undefined
}

function read(from: unknown, key: string | symbol): unknown {
  return typeof from === 'object' && from !== null ? Reflect.get(from, key) : undefined
}
