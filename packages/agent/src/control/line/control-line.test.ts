import { once } from 'node:events'
import { expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { ControlLine } from './control-line.js'

const events = { message: () => undefined, metrics: () => ({}) }

it('is given up as soon as this machine has lost the address that it uses', async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  try {
    await once(server, 'listening')
    const address = server.address()
    if (typeof address === 'string' || address === null) throw new Error('The server has no port')
    const socket = new WebSocket(`ws://127.0.0.1:${address.port}`)
    await once(socket, 'open')
    // Far below the silence after which any line is given up, which has other words.
    const line = new ControlLine(socket, 50, events, { isGone: true })
    expect(await line.closed).toBe('this machine has another address now')
  } finally {
    server.close()
  }
})
