import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createTransport } from './browser.js'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Every import that remains at run time in a browser, followed through our own packages. */
function imports(file: string, seen = new Map<string, string[]>()): Map<string, string[]> {
  if (seen.has(file)) return seen
  const source = readFileSync(file, 'utf8')
  const statements = source.matchAll(/^(?:import|export)\s+(?!type\b)[^'"]*?from\s+'([^']+)'/gm)
  const names = [...statements].map((match) => match[1] ?? '')
  seen.set(file, names)
  for (const name of names) {
    if (name.startsWith('.')) imports(resolve(dirname(file), name.replace(/\.js$/, '.ts')), seen)
    if (name === '#transport') imports(here('./browser.ts'), seen)
    if (name === '@waybill/api') imports(here('../../../api/src/index.ts'), seen)
  }
  return seen
}

test('a browser never meets a module of Node', () => {
  const graph = imports(here('../index.ts'))
  expect(graph.size).toBeGreaterThan(10)
  const outside = new Set([...graph.values()].flat().filter((name) => !name.startsWith('.')))
  expect([...outside].sort()).toEqual(['#transport', '@waybill/api', 'valibot'])
  const manifest: unknown = JSON.parse(readFileSync(here('../../package.json'), 'utf8'))
  expect(manifest).toMatchObject({ imports: { '#transport': { browser: './dist/transport/browser.js' } } })
})

test('fetch sends no Content-Type and tells an unreachable server', async () => {
  const seen: unknown[] = []
  const server = createServer((request, response) => {
    seen.push(request.method, request.headers['content-type'])
    response.end('{}')
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`
  const transport = createTransport({ timeoutMs: 10_000 })
  const answer = await transport.send({ method: 'PUT', url, headers: {}, body: '{}' })
  expect(answer).toEqual({ status: 200, text: '{}' })
  expect(seen).toEqual(['PUT', undefined])
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
  const lost = transport.send({ method: 'GET', url, headers: {} })
  await expect(lost).rejects.toMatchObject({ code: 'unreachable' })
})
