import { connect, createServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { waitFor } from '../wait.js'
import { FaultProxy } from './fault-proxy.js'

const open: { close: () => unknown }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

async function echo(): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push(server)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { server, port: address.port }
}

async function through(): Promise<{
  proxy: FaultProxy
  received: () => string
  send: (text: string) => void
  closed: () => boolean
}> {
  const { port } = await echo()
  const proxy = await FaultProxy.before({ host: '127.0.0.1', port })
  open.unshift(proxy)
  const socket = connect(proxy.port, '127.0.0.1')
  let text = ''
  let ended = false
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  socket.on('error', () => undefined)
  socket.once('close', () => {
    ended = true
  })
  return { proxy, received: () => text, send: (out) => socket.write(out), closed: () => ended }
}

test('bytes pass both ways and are counted; silence holds them back and loses none', async () => {
  const { proxy, received, send } = await through()
  send('one ')
  await waitFor(() => received() === 'one ', { what: 'an echo' })
  expect(proxy.passed).toEqual({ up: 4, down: 4 })
  proxy.silence()
  send('two')
  proxy.speak()
  await waitFor(() => received() === 'one two', { what: 'the rest' })
})

test('a flip changes one bit, a cut breaks the connection', async () => {
  const { proxy, received, send, closed } = await through()
  proxy.faults.flips = 1
  send('aaa')
  await waitFor(() => received().length === 3, { what: 'an echo' })
  expect(received()).toBe('aqa')
  proxy.cut()
  await waitFor(closed, { what: 'the end' })
})
