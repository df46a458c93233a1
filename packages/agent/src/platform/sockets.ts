import type { Socket as DatagramSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { cLibrary, type NativeCall } from './native.js'

/** Numbers of Linux; other systems have other ones, and none of these options. */
const levelSocket = 1
const receiveBuffer = 8
const receiveBufferForce = 33
const levelTcp = 6
const levelUdp = 17
const tcpInfo = 11
const tcpCongestion = 13
const udpSegment = 103
/** Where `tcpi_rtt` stands in `struct tcp_info`; microseconds. */
const rttAt = 68

/** What one read of a socket may bring. */
const readBytes = 64 * 1024

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

/** On other processors the numbers of the options of sockets differ. */
const hasUsualNumbers = ['x64', 'arm64'].includes(process.arch)

/**
 * Bounds what the kernel keeps of one connection until it is read; bytes of data, by and large. By itself it finds a
 * bound, which may be tens of megabytes. Answers whether it agreed: without being asked by an administrator it has to
 * be allowed so much (net.core.rmem_max), and less would slow the connection down.
 */
export function boundUnread(socket: Socket, bytes: number): boolean {
  const fd = descriptorOf(socket)
  if (fd === undefined || !hasUsualNumbers) return false
  const value = Buffer.alloc(4)
  value.writeInt32LE(bytes)
  const set = (name: number) => linuxCalls()?.set(fd, levelSocket, name, value, value.length) === 0
  return set(receiveBufferForce) || (bytes <= mostAllowed() && set(receiveBuffer))
}

let allowed: number | undefined

function mostAllowed(): number {
  try {
    allowed ??= Number(readFileSync('/proc/sys/net/core/rmem_max', 'utf8'))
  } catch {
    allowed = 0
  }
  return allowed
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

/**
 * Reads what comes over a connected socket into the same memory again and again; the bytes that `take` gets are valid
 * during the call only. Answers with the socket to be used from now on; the other one closes with it, and may be
 * closed to close it.
 *
 * Node gives every read memory of its own, 64 KiB, of which a fast connection leaves dozens of megabytes behind until
 * they are collected. It reads into memory of ours only for sockets that are made with it, so a new socket is put on
 * the connection. Where that is no way, sockets are read as ever; so on Windows, where the next read is under way.
 */
export function readReusing(socket: Socket, take: (bytes: Buffer) => void): Socket {
  const handle = read(socket, '_handle')
  const isBusy = process.platform === 'win32'
  if (isBusy || typeof handle !== 'object' || handle === null) return readAsEver(socket, take)
  const early: unknown = socket.read()
  const onread = {
    buffer: Buffer.allocUnsafeSlow(readBytes),
    callback: (length: number, memory: Uint8Array) => {
      take(Buffer.from(memory.buffer, memory.byteOffset, length))
      return true
    },
  }
  // `handle` is how Node itself makes the sockets of a server; where it takes it no more nothing has happened yet.
  const options = { allowHalfOpen: false, handle, onread }
  const fresh = new Socket(options)
  if (read(fresh, '_handle') !== handle) {
    fresh.destroy()
    if (early instanceof Buffer) socket.unshift(early)
    return readAsEver(socket, take)
  }
  Reflect.set(socket, '_handle', null)
  socket.once('close', () => fresh.destroy())
  fresh.once('close', () => socket.destroy())
  // Not before this returned, and before anything else can come.
  if (early instanceof Buffer) queueMicrotask(() => take(early))
  return fresh
}

function readAsEver(socket: Socket, take: (bytes: Buffer) => void): Socket {
  socket.on('data', take)
  return socket
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
