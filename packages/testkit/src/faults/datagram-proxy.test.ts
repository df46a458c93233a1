import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { DatagramProxy } from './datagram-proxy.js'

let echo: Socket
let client: Socket
let proxy: DatagramProxy
const sources = new Set<number>()
const answers: string[] = []

beforeEach(async () => {
  echo = createSocket('udp4')
  echo.on('message', (bytes, { address, port }) => {
    sources.add(port)
    echo.send(bytes, port, address)
  })
  echo.bind(0, '127.0.0.1')
  await once(echo, 'listening')
  proxy = await DatagramProxy.before({ host: '127.0.0.1', port: echo.address().port })
  client = createSocket('udp4')
  client.connect(proxy.port, '127.0.0.1')
  await once(client, 'connect')
  client.on('message', (bytes) => answers.push(bytes.toString()))
  answers.length = 0
  sources.clear()
})

afterEach(() => {
  proxy.close()
  client.close()
  echo.close()
})

async function ask(text: string): Promise<string> {
  const answer = new Promise<string>((resolve) => {
    client.once('message', (bytes) => resolve(bytes.toString()))
  })
  client.send(text)
  return await answer
}

it('passes datagrams on and back', async () => {
  expect(await ask('hello')).toBe('hello')
  expect(proxy.seen).toMatchObject({ up: 1, down: 1, lost: 0 })
})

it('turns bits', async () => {
  proxy.faults.corrupt = 1
  expect(await ask('hello there')).not.toBe('hello there')
})

it('loses, and repeats', async () => {
  proxy.faults.loss = 1
  client.send('gone')
  await expect.poll(() => proxy.seen.lost).toBe(1)
  proxy.faults.loss = 0
  proxy.faults.duplicate = 1
  client.send('twice')
  await expect.poll(() => answers.filter((text) => text === 'twice').length).toBe(4)
  expect(answers).not.toContain('gone')
})

it('shows its target another address when it is told to', async () => {
  await ask('one')
  await ask('two')
  expect(sources.size).toBe(1)
  proxy.changeAddresses()
  await ask('three')
  expect(sources.size).toBe(2)
})

it('goes silent in one direction, and speaks again', async () => {
  proxy.silence('down')
  client.send('heard')
  await expect.poll(() => proxy.seen).toMatchObject({ up: 1, down: 1, lost: 1 })
  expect(sources.size).toBe(1)
  proxy.silence('up')
  client.send('not heard')
  await expect.poll(() => proxy.seen).toMatchObject({ up: 2, down: 1, lost: 2 })
  proxy.silence()
  expect(await ask('again')).toBe('again')
})
