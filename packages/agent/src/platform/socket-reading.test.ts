import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readReusing } from './sockets.js'

let server: Server
let near: Socket
let far: Socket

beforeEach(async () => {
  server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
  near = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1')
  far = await accepted
  if (near.connecting) await once(near, 'connect')
})

afterEach(() => {
  near.destroy()
  far.destroy()
  server.close()
})

/** Gathers what comes until it is `length` bytes, noting which memory it was in. */
function reader(length: number) {
  const parts: Buffer[] = []
  const memories = new Set<ArrayBufferLike>()
  let missing = length
  let enough: () => void = () => undefined
  const whole = new Promise<Buffer>((resolve) => {
    enough = () => resolve(Buffer.concat(parts))
  })
  const take = (bytes: Buffer) => {
    parts.push(Buffer.from(bytes))
    memories.add(bytes.buffer)
    missing -= bytes.length
    if (missing <= 0) enough()
  }
  return { take, whole, memories }
}

describe.each(['accepted', 'made'] as const)('a socket that was %s', (which) => {
  const sides = () => (which === 'accepted' ? { ours: far, peer: near } : { ours: near, peer: far })

  it('is read into the same memory again and again', async () => {
    const { ours, peer } = sides()
    const data = randomBytes(3_000_000)
    const { take, whole, memories } = reader(data.length)
    const socket = readReusing(ours, take)
    peer.write(data)
    expect((await whole).equals(data)).toBe(true)
    if (process.platform !== 'win32') expect(memories.size).toBe(1)
    const answer = once(peer, 'data')
    socket.write('heard')
    expect(String((await answer)[0])).toBe('heard')
  })

  it('gives what was read before, and in order', async () => {
    const { ours, peer } = sides()
    const data = randomBytes(300_000)
    const first = new Promise<Buffer>((resolve) => ours.once('data', resolve))
    peer.write(data.subarray(0, 1000))
    const begun = await first
    ours.pause()
    ours.unshift(begun)
    const { take, whole } = reader(data.length)
    readReusing(ours, take)
    peer.write(data.subarray(1000))
    expect((await whole).equals(data)).toBe(true)
  })

  it('reads nothing while it is paused', async () => {
    const { ours, peer } = sides()
    const data = randomBytes(50_000)
    const { take, whole } = reader(data.length)
    let early = 0
    let isPaused = true
    const socket = readReusing(ours, (bytes) => {
      if (isPaused) early += bytes.length
      take(bytes)
    })
    socket.pause()
    await new Promise((resolve) => peer.write(data, resolve))
    // It is at the other end by now: a reader would have it within a turn.
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
    expect(early).toBe(0)
    isPaused = false
    socket.resume()
    expect((await whole).equals(data)).toBe(true)
  })

  it.each(['itself', 'the one it was', 'the peer'] as const)('is closed by %s', async (who) => {
    const { ours, peer } = sides()
    const socket = readReusing(ours, () => undefined)
    const closed = Promise.all([socket, ours, peer].map((each) => once(each, 'close')))
    peer.resume()
    if (who === 'itself') socket.destroy()
    else if (who === 'the peer') peer.end()
    else ours.destroy()
    await closed
    expect(socket.destroyed && ours.destroyed).toBe(true)
  })
})
