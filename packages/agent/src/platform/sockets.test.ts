import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { expect, it } from 'vitest'
import { cLibrary } from './native.js'
import { boundUnread, cutDatagrams, kernelRoundTrip, useBbr } from './sockets.js'

const isLinux = process.platform === 'linux' && cLibrary() !== undefined

it.skipIf(!isLinux)('asks the kernel about connections', async () => {
  const server = createServer((socket) => void socket.resume()).listen(0)
  await once(server, 'listening')
  const address = server.address()
  const socket = connect(typeof address === 'object' && address !== null ? address.port : 0)
  await once(socket, 'connect')
  expect(kernelRoundTrip(socket)).toBeGreaterThan(0)
  // Some kernels have no BBR, some do not let everybody have it; both are answers.
  expect(typeof useBbr(socket)).toBe('boolean')
  // So little is allowed to everybody.
  expect(boundUnread(socket, 64 * 1024)).toBe(['x64', 'arm64'].includes(process.arch))
  socket.destroy()
  await once(socket, 'close')
  expect([kernelRoundTrip(socket), useBbr(socket)]).toEqual([undefined, false])
  expect(boundUnread(socket, 64 * 1024)).toBe(false)
  server.close()
})

it.skipIf(!isLinux)('has datagrams cut by the kernel', async () => {
  const [from, to] = [createSocket('udp4'), createSocket('udp4')]
  await Promise.all(
    [from, to].map(async (socket) => {
      socket.bind(0, '127.0.0.1')
      await once(socket, 'listening')
    }),
  )
  const sizes: number[] = []
  const all = new Promise<void>((resolve) => {
    to.on('message', (datagram) => {
      if (sizes.push(datagram.length) === 3) resolve()
    })
  })
  if (cutDatagrams(from, 1000)) {
    from.send(Buffer.alloc(2500), to.address().port, '127.0.0.1')
    await all
    expect(sizes).toEqual([1000, 1000, 500])
  }
  from.close()
  to.close()
})
