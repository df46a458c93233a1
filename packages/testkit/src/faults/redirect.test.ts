import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ManagedProcess } from '../processes.js'

const script = fileURLToPath(new URL('../../dist/faults/redirect.js', import.meta.url))
const server = createServer((socket) => {
  socket.on('error', () => undefined)
  socket.end('elsewhere')
})
let port = 0
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address !== null && typeof address !== 'string') port = address.port
})
afterAll(() => server.close())

test.each([
  ['net.connect with options', `require('net').connect({ host: '127.0.0.9', port: 45190 })`],
  ['net.connect with port and host', `require('net').connect(45190, '127.0.0.9')`],
  // What arrives is no TLS, which proves that the connection went elsewhere.
  ['tls.connect', `require('tls').connect({ host: '127.0.0.9', port: 45190 }).on('error', console.log)`],
])('%s goes where the table says', async (_, expression) => {
  const child = new ManagedProcess(
    process.execPath,
    ['-e', `${expression}.on('data', (data) => console.log(String(data)))`],
    {
      name: 'redirected',
      env: {
        NODE_OPTIONS: `--import=${script}`,
        WAYBILL_TEST_REDIRECT: JSON.stringify({ 45190: port }),
      },
    },
  )
  await child.printed(/elsewhere|wrong version|packet|EPROTO/i, 10_000)
  await child.kill()
})

test('datagrams go where their own table says', async () => {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const heard = new Promise<string>((resolve) => socket.once('message', (bytes) => resolve(String(bytes))))
  const child = new ManagedProcess(
    process.execPath,
    ['-e', `require('dgram').createSocket('udp4').unref().send('datagram', 45190, '127.0.0.9')`],
    {
      name: 'redirected',
      env: {
        NODE_OPTIONS: `--import=${script}`,
        WAYBILL_TEST_REDIRECT_DATAGRAMS: JSON.stringify({ 45190: socket.address().port }),
      },
    },
  )
  expect(await heard).toBe('datagram')
  await child.kill()
  socket.close()
})
