import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import {
  Agent,
  FaultProxy,
  hashOf,
  makeFile,
  tempDirectory,
  waitFor,
  waitForStatus,
  waitUntilMidway,
} from '@waybill/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cleanUpAfterwards, openStudio, type Studio, slow, slowSize } from '../studio.js'

const redirect = fileURLToPath(new URL('../../packages/testkit/dist/faults/redirect.js', import.meta.url))
const dataPorts = Array.from({ length: 20 }, (_, index) => 45_190 + index)

/** Between `far` and the control plane, and between `far` and the storage's data ports, stands a proxy. */
let studio: Studio
let line: FaultProxy
let data: FaultProxy
let far: Agent
const local = tempDirectory('far')
cleanUpAfterwards()
afterAll(async () => Promise.all([line.close(), data.close()]))

beforeAll(async () => {
  studio = await openStudio()
  line = await FaultProxy.before({ host: '127.0.0.1', port: studio.plane.port })
  data = await FaultProxy.before(...dataPorts.map((port) => ({ host: '127.0.0.1', port })))
  far = await Agent.start({
    plane: studio.plane,
    name: 'far',
    server: `https://127.0.0.1:${line.port}`,
    env: {
      NODE_OPTIONS: `--import=${redirect}`,
      WAYBILL_TEST_REDIRECT: JSON.stringify(Object.fromEntries(data.ports)),
    },
  })
  await makeFile(`${local}/big.bin`, slowSize, 7)
})

async function midway(name: string): Promise<string> {
  const job = await studio.admin.create('transfer', {
    source: far.at(`${local}/big.bin`),
    destination: `volume=storage/${name}`,
    settings: slow,
  })
  await waitUntilMidway(studio.admin, job.id)
  return job.id
}

async function expectDone(job: string, name: string, timeoutMs = 100_000): Promise<void> {
  await waitForStatus(studio.admin, job, 'done', { never: ['aborted'], timeoutMs })
  expect(await hashOf(`${studio.storage}/${name}`)).toBe(await hashOf(`${local}/big.bin`))
}

describe('the line between two agents', () => {
  test('carries the data, encrypted', async () => {
    const before = data.passed.up + data.passed.down
    const job = await midway('plain.bin')
    await expectDone(job, 'plain.bin')
    // Not a byte less than the file crossed the proxy, else this file tests nothing.
    expect(data.passed.up + data.passed.down - before).toBeGreaterThan(slowSize)
  })

  test('is cut: the transfer goes on where it was', async () => {
    const job = await midway('cut.bin')
    const before = data.passed.up + data.passed.down
    data.cut()
    await expectDone(job, 'cut.bin')
    expect(data.passed.up + data.passed.down - before).toBeLessThan(slowSize)
  })

  test('goes silent: that is noticed, and after the silence it goes on', async () => {
    const job = await midway('silent.bin')
    data.silence()
    await waitFor(
      async () => {
        const seen = await studio.admin.get('transfer', job)
        return seen?.status !== 'running' || seen.speed === 0
      },
      { what: 'the silence to be noticed', timeoutMs: 60_000 },
    )
    data.cut()
    data.speak()
    await expectDone(job, 'silent.bin')
  })

  test('turns bits: what arrives is right all the same', async () => {
    const job = await midway('flipped.bin')
    data.faults.flips = 3
    await expectDone(job, 'flipped.bin')
  })

  test('is slow: the transfer is slow, and right', async () => {
    data.faults.delayMs = 20
    const job = await midway('slow.bin')
    await expectDone(job, 'slow.bin')
    data.faults.delayMs = 0
  })
})

describe('the line to the control plane', () => {
  test('is cut in the middle of a transfer: the agent comes back by itself and the transfer ends well', async () => {
    const job = await midway('line cut.bin')
    line.cut()
    await expectDone(job, 'line cut.bin')
  })

  test('goes silent: the agent is shown offline, and comes back', async () => {
    const id = await far.online()
    line.silence()
    await waitFor(async () => (await studio.admin.get('client', id))?.status === 'offline', {
      what: 'the silent agent to be shown offline',
      timeoutMs: 60_000,
    })
    line.cut()
    line.speak()
    await far.online()
  })
})

describe('an agent that takes the place of another', () => {
  test('with the same identity does not run next to it, and no transfer runs twice', async () => {
    const job = await midway('twin.bin')
    const before = await studio.admin.find('client', 'code=far')
    const twin = new Agent({ plane: studio.plane, name: 'far', state: far.state })
    await waitFor(() => twin.process.exit !== undefined || /\S/.test(twin.process.output), {
      what: 'the twin to say something',
    })
    expect(await studio.admin.find('client', 'code=far')).toHaveLength(before.length)
    await expectDone(job, 'twin.bin')
    const [task] = await studio.admin.tasks(job)
    expect(task).toMatchObject({ status: 'done' })
    await twin.kill()
    await far.online()
  })
})

describe('bytes that are none of the protocol', () => {
  /** Sends bytes to a port; resolves when the other end has had enough, or has swallowed them. */
  function throwAt(port: number, bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      const socket: Socket = connect(port, '127.0.0.1', () => socket.end(bytes))
      socket.on('error', () => resolve())
      socket.on('close', () => resolve())
      socket.setTimeout(3000, () => {
        socket.destroy()
        resolve()
      })
      socket.resume()
    })
  }
  const tlsHello = Buffer.from('16030100c8010000c40303', 'hex')
  const shapes = [
    randomBytes(10),
    randomBytes(70_000),
    Buffer.alloc(50_000),
    tlsHello,
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
  ]

  test('on a data port do no harm to the transfer that runs there', async () => {
    const job = await midway('thrown.bin')
    for (const port of dataPorts) await Promise.all(shapes.map((bytes) => throwAt(port, bytes)))
    await expectDone(job, 'thrown.bin')
  })

  test('on the port of the control plane do no harm', async () => {
    for (const port of [studio.plane.port, studio.plane.httpPort])
      await Promise.all(shapes.map((bytes) => throwAt(port, bytes)))
    expect(await studio.admin.login()).toMatchObject({ role: 'admin' })
    await far.online()
  })

  test('on a control socket close it, and nothing else', async () => {
    const outcomes = await Promise.all(
      [
        Buffer.from([0x81, 0x85, 0, 0, 0, 0, ...Buffer.from('hello')]),
        Buffer.from([0x82, 0x84, 0, 0, 0, 0, 1, 2, 3, 4]),
        Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]),
        randomBytes(5000),
      ].map((bytes) => upgraded(bytes)),
    )
    expect(outcomes).toEqual(['closed', 'closed', 'closed', 'closed'])
    expect(await studio.admin.login()).toMatchObject({ role: 'admin' })
    await far.online()
  })

  /** Opens a control socket as an agent would, says `bytes` and waits for the end. */
  function upgraded(bytes: Buffer): Promise<string> {
    return new Promise((resolve) => {
      const headers = Object.entries(studio.admin.headers()).map(([name, value]) => `${name}: ${value}\r\n`)
      const socket = connect(studio.plane.httpPort, '127.0.0.1', () =>
        socket.write(
          'GET /api/v3/agent HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
            `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n${headers.join('')}\r\n`,
        ),
      )
      let answer = ''
      socket.on('data', (chunk) => {
        if (answer === '') socket.write(bytes)
        answer += chunk.toString('latin1')
      })
      socket.on('error', () => undefined)
      socket.once('close', () => resolve(answer.startsWith('HTTP/1.1 101') ? 'closed' : answer))
      socket.setTimeout(30_000, () => {
        socket.destroy()
        resolve('still open')
      })
    })
  }
})
