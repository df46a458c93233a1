import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, expect, it } from 'vitest'
import { DatagramSocket } from '../transport/datagrams/datagram-socket.js'
import { answerProbes } from '../transport/datagrams/probe.js'
import { Unreached } from './choice.js'
import { WayFinder } from './dialling.js'

const key = randomBytes(32)
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A connection to a port of this machine, over which the round trip is said to be long. */
function towards(port: number) {
  return { remoteAddress: '127.0.0.1', remotePort: port }
}
const far = 40

/** A port at which somebody listens for datagrams, and what that one says. */
async function listener(answers: boolean): Promise<number> {
  const probe = createSocket('udp4').bind(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address()
  probe.close()
  await once(probe, 'close')
  const socket = await DatagramSocket.listen(port)
  closing.push(() => socket.close())
  if (answers) answerProbes(socket, key)
  return port
}

async function find(asked: 'auto' | 'udp', port: number, unreached = new Unreached(), secret = key) {
  const ways = new WayFinder(asked, secret, unreached)
  const socket = towards(port)
  ways.begin(socket, far)
  try {
    const way = await ways.choose(socket)
    if (way.kind === 'udp') closing.push(() => way.socket.close())
    return way
  } finally {
    await ways.end()
  }
}

it('datagrams are taken where they are answered, as large as they get through', async () => {
  expect(await find('udp', await listener(true))).toMatchObject({ kind: 'udp', datagram: 1472 })
})

it('where nothing is answered TCP is taken, also the next time', async () => {
  const unreached = new Unreached()
  const port = await listener(false)
  expect(await find('auto', port, unreached)).toEqual({ kind: 'tcp', roundTrip: far })
  expect(unreached.has('127.0.0.1', performance.now())).toBe(true)
  expect(await find('auto', port, unreached)).toEqual({ kind: 'tcp', roundTrip: far })
})

it('a wrong key is not answered', async () => {
  expect(await find('auto', await listener(true), new Unreached(), randomBytes(32))).toMatchObject({
    kind: 'tcp',
  })
})

it('what was asked for and does not get through is an error that says which port', async () => {
  const port = await listener(false)
  await expect(find('udp', port)).rejects.toThrow(`open port ${port} for UDP`)
})
