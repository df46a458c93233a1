import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { type Method, type WireAnswer, WireClient } from '@waybill/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import { cleanUpAfterwards, deskFile, entityId, openStudio, type Studio, wireDate } from '../studio.js'

let studio: Studio
cleanUpAfterwards()
beforeAll(async () => {
  studio = await openStudio()
})

/** A failure as clients expect it: JSON with a message, and a status that says so. */
function expectFailure(answer: WireAnswer, status: number | readonly number[]): void {
  expect(answer.headers['content-type']).toMatch(/^application\/json/)
  expect(answer.body.message).toEqual(expect.stringMatching(/\S/))
  expect(answer.body).not.toHaveProperty('result')
  expect(typeof status === 'number' ? [status] : status).toContain(answer.status)
}

describe('login', () => {
  test('gives id, role and the same session every time', async () => {
    const first = await studio.admin.login()
    expect(first).toEqual({
      id: expect.stringMatching(entityId) as string,
      role: 'admin',
      session_id: expect.stringMatching(/./) as string,
    })
    expect(await studio.admin.login()).toEqual(first)
  })

  test.each([
    ['key', { apiKey: 'wrong' }],
    ['user', { user: 'nobody@example.com' }],
    ['workspace', { workspace: 'elsewhere' }],
  ])('refuses a wrong %s', async (_, wrong) => {
    const client = new WireClient({ ...studio.admin.access, ...wrong })
    expectFailure(await client.call('PUT', '/api/v3/api/login', {}), [401, 403])
  })

  test.each([
    ['no header', ''],
    ['no base64', 'basic %%%:%%%'],
    ['RFC 7617 basic', `Basic ${Buffer.from('a@b.c:key').toString('base64')}`],
    ['another scheme', 'Bearer abc'],
    ['one part', 'basic abc'],
  ])('refuses %s', async (_, header) => {
    const answer = await studio.admin.call('PUT', '/api/v3/api/login', {}, { Authorization: header })
    expectFailure(answer, [400, 401, 403])
  })
})

describe('events', () => {
  test('carry JSON in the URL of GET, the whole query string, up to a megabyte', async () => {
    const answer = await studio.admin.event('GET', 'transfer/find', {
      data: { padding: 'x'.repeat(900_000) },
    })
    expect(answer.status).toBe(200)
    expect(answer.body.result).toEqual([])
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
  })

  test('with a longer URL are refused in JSON', async () => {
    const answer = await studio.admin.event('GET', 'transfer/find', {
      data: { padding: 'x'.repeat(1_200_000) },
    })
    expectFailure(answer, [414, 431])
  })

  test('over the size limit are refused in JSON before they are read', async () => {
    const text = await sayRaw(
      'PUT /api/v3/event HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000000\r\n' +
        `Authorization: ${studio.admin.headers().Authorization}\r\nX-Accsyn-Workspace: studio\r\n\r\n{`,
    )
    expect(text).toMatch(/^HTTP\/1\.1 413/)
    expect(text).toMatch(/"message":/)
    expect(text.toLowerCase()).toContain('content-type: application/json')
  })

  test('may be packed, and a bomb in the packing is refused', async () => {
    const path = await deskFile(studio, 'packed.bin')
    const data = { source: studio.desk.at(path), destination: 'volume=storage/packed.bin', status: 'paused' }
    const made = await studio.admin.event('POST', 'transfer/create', { data, gzip: true })
    expect(made.body.result).toMatchObject([{ name: 'packed.bin' }])
    const bomb = gzipSync(`{"name":"${'0'.repeat(200_000_000)}"}`).toString('base64')
    await studio.admin.login()
    const answer = await rawEvent('POST', { uri: 'transfer/create', gz_data: bomb })
    expectFailure(answer, [400, 413])
  })

  test('that are repeated act once and answer the same', async () => {
    const path = await deskFile(studio, 'once.bin')
    const data = { source: studio.desk.at(path), destination: 'volume=storage/once.bin', status: 'paused' }
    const eid = randomUUID()
    const first = await studio.admin.event('POST', 'transfer/create', { data, eid })
    const second = await studio.admin.event('POST', 'transfer/create', { data, eid })
    expect(second.body.result).toMatchObject([{ id: resultIds(first)[0] }])
    expect(await studio.admin.find('transfer', 'name=once.bin')).toHaveLength(1)
  })

  test('take entity types in any case and by their old names', async () => {
    const path = await deskFile(studio, 'case.bin')
    const data = { source: studio.desk.at(path), destination: 'volume=storage/case.bin', status: 'paused' }
    const { id } = await studio.admin.create('Transfer', data)
    for (const type of ['transfer', 'Transfer', 'TRANSFER', 'job', 'Job'])
      expect((await studio.admin.find(type, 'name=case.bin')).map((one) => one.id)).toEqual([id])
  })

  test('may have no data at all, or null', async () => {
    expect(await studio.admin.result('GET', 'transfer/find')).toBeInstanceOf(Array)
    expect(await studio.admin.result('GET', 'transfer/find', { data: null })).toBeInstanceOf(Array)
  })

  test('whose identity is not that of the headers are refused', async () => {
    const { id } = await studio.plane.addUser('other@example.com', 'standard').then((other) => other.login())
    expect(id).toMatch(entityId)
    expectFailure(
      await rawEvent('GET', { uri: 'transfer/find', ident: 'other@example.com' }),
      [400, 401, 403],
    )
    expectFailure(await rawEvent('GET', { uri: 'transfer/find', workspace: 'elsewhere' }), [400, 401, 403])
  })
})

describe('what is unknown or broken', () => {
  test.each<[Method, string]>([
    ['GET', 'transfer/fly'],
    ['GET', 'unicorn/find'],
    ['POST', 'transfer/find'],
    ['PUT', 'constructor/edit'],
    ['DELETE', ''],
    ['GET', '__proto__/find'],
  ])('%s %s is an error that names it', async (method, uri) => {
    const answer = await studio.admin.event(method, uri)
    expectFailure(answer, [400, 404, 405])
    const [word = ''] = uri.split('/')
    expect(String(answer.body.message)).toContain(word)
  })

  test('paths that do not exist are errors in JSON', async () => {
    expectFailure(await studio.admin.call('GET', '/api/v3/nowhere', undefined), 404)
    expectFailure(await studio.admin.call('PUT', '/api/v3/nowhere', {}), 404)
  })

  test.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['a number', '7'],
    ['nothing', ''],
    ['an envelope without uri', '{}'],
    ['a uri that is no text', '{"uri":5}'],
    ['bytes that are no UTF-8', '\xff\xfe'],
    ['deep nesting', '['.repeat(200_000)],
  ])('a body of %s is an error in JSON', async (_, body) => {
    const headers = Object.entries(studio.admin.headers()).map(([name, value]) => `${name}: ${value}\r\n`)
    const bytes = Buffer.from(body, 'latin1')
    const text = await sayRaw(
      `POST /api/v3/event HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${bytes.length}\r\n${headers.join('')}\r\n`,
      bytes,
    )
    expect(text).toMatch(/^HTTP\/1\.1 4\d\d/)
    expect(text).toMatch(/"message":\s*"[^"]/)
  })

  test('words that are no HTTP do no harm', async () => {
    await sayRaw('\x16\x03\x01 hello\r\n\r\n')
    expect(await studio.admin.login()).toMatchObject({ role: 'admin' })
  })

  test('an exception tells no stack', async () => {
    const answer = await studio.admin.event('GET', 'transfer/find', { data: { limit: { a: 1 } } })
    expect(answer.status).toBeLessThan(500)
    expect(answer.text).not.toMatch(/node:internal|\.js:\d+/)
  })
})

describe('entity types and attributes', () => {
  test('are listed for the role', async () => {
    const types = await studio.admin.result('GET', 'entitytypes')
    expect(types).toEqual(
      expect.arrayContaining(['transfer', 'task', 'user', 'volume', 'queue', 'client', 'site']),
    )
    const max = await studio.plane.addUser('max@example.com', 'standard')
    expect(await max.result('GET', 'entitytypes')).not.toContain('queue')
  })

  test('of transfers hold all that is described', async () => {
    const names = (flags: object): Promise<unknown> =>
      studio.admin.result('GET', 'attributes', { data: { entitytype: 'transfer', ...flags } })
    expect(await names({})).toEqual(expect.arrayContaining(transferAttributes))
    const create = await names({ create: true })
    expect(create).toEqual(
      expect.arrayContaining(['source', 'destination', 'name', 'status', 'metadata', 'tasks']),
    )
    expect(create).not.toContain('progress')
    expect(await names({ update: true })).not.toContain('source')
  })

  test('narrow an answer', async () => {
    const [first] = await studio.admin.find('transfer', 'name=packed.bin', {
      attributes: ['id', 'name', 'created'],
    })
    expect(Object.keys(first ?? {}).sort()).toEqual(['created', 'id', 'name'])
    expect(first?.created).toMatch(wireDate)
    await expect(studio.admin.find('transfer', undefined, { attributes: ['colour'] })).rejects.toThrow(
      /colour/,
    )
  })
})

const transferAttributes = [
  ...[
    'code',
    'created',
    'destination',
    'destination_hr',
    'etr',
    'finished',
    'id',
    'name',
    'progress',
    'size',
  ],
  ...['source', 'source_hr', 'speed', 'status', 'user', 'user_hr', 'uri', 'metadata', 'parent', 'parent_hr'],
  ...['modified', 'modifier'],
]

function resultIds(answer: WireAnswer): unknown[] {
  const { result } = answer.body
  return Array.isArray(result) ? result.map((one: { id?: unknown }) => one.id) : []
}

async function rawEvent(method: Method, fields: Record<string, unknown>): Promise<WireAnswer> {
  const { workspace, user } = studio.admin.access
  const envelope = { audience: 'api', workspace, ident: user, eid: randomUUID(), ...fields }
  return studio.admin.call(method, '/api/v3/event', envelope)
}

/** Says something on a fresh connection and hears it out. */
function sayRaw(head: string, body: Buffer = Buffer.alloc(0)): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(studio.plane.httpPort, '127.0.0.1', () => {
      socket.write(Buffer.concat([Buffer.from(head, 'latin1'), body]))
    })
    let text = ''
    const settle = (): void => {
      socket.destroy()
      resolve(text)
    }
    socket.setTimeout(5000, settle)
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8')
      if (/\r\n\r\n[\s\S]*\}\s*(0\r\n\r\n)?$/.test(text)) settle()
    })
    socket.once('close', settle)
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // An answer may be followed by a reset, since not all that was said was read.
      if (text === '' && error.code !== 'ECONNRESET') reject(error)
      else settle()
    })
  })
}
