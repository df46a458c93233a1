import { readFileSync, writeFileSync } from 'node:fs'
import { entityTypes } from '@waybill/api'
import { expect, it } from 'vitest'
import { routes } from '../routes/table.js'
import { apiDocument } from './document.js'

const file = new URL('../../../../../docs/api.md', import.meta.url)

it('docs/api.md is what the definitions say', () => {
  if (process.env.UPDATE_DOCS === '1') writeFileSync(file, apiDocument())
  expect(readFileSync(file, 'utf8'), 'write it anew with UPDATE_DOCS=1').toBe(apiDocument())
})

it('names every call and every entity', () => {
  const text = apiDocument()
  for (const { method, uri } of routes) expect(text).toContain(`\`${method} ${uri}\``)
  for (const type of entityTypes) expect(text).toContain(`\n### ${type}\n`)
})

it.each(routes.map((route) => [`${route.method} ${route.uri}`, route] as const))(
  '%s says what it does in words that fit into a sentence',
  (_, { about, answer }) => {
    expect(about).toMatch(/^[A-Z].*[^.]$/s)
    expect(answer).toMatch(/\S/)
  },
)
