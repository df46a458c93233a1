import { parseExpression } from '@waybill/api'
import { describe, expect, it } from 'vitest'
import type { CompileContext, EntityBinding } from './binding.js'
import { compile } from './compile.js'

const binding: EntityBinding = {
  table: 'job',
  attributes: {
    name: { kind: 'value', type: 'text', sql: (eb) => eb.ref('job.name') },
    size: { kind: 'value', type: 'integer', sql: (eb) => eb.ref('job.size') },
    created: { kind: 'value', type: 'date', sql: (eb) => eb.ref('job.created') },
    user: { kind: 'reference', table: 'user', types: ['user'], sql: (eb) => eb.ref('job.user') },
    source: {
      kind: 'party',
      typeColumn: (eb) => eb.ref('job.source_type'),
      idColumn: (eb) => eb.ref('job.source_id'),
    },
    metadata: { kind: 'json', sql: (eb) => eb.ref('job.metadata') },
    secret: { kind: 'value', type: 'text', sql: (eb) => eb.ref('job.hooks') },
  },
}
const context: CompileContext = {
  dialect: 'sqlite',
  workspace: { id: '6645fbca9f8c4d3e7a3b678d', code: 'studio' },
  entityType: 'transfer',
  readable: ['name', 'size', 'created', 'user', 'source', 'metadata', 'name_hr'],
}

describe.each(['sqlite', 'postgres'] as const)('compile for %s', (dialect) => {
  it.each([
    ['nme=x', 'unknown_attribute', 1, 'Unknown attribute nme of transfer; did you mean name?'],
    ['size=1 or colour=red', 'unknown_attribute', 11, 'Unknown attribute colour of transfer (at column 11)'],
    ['secret=x', 'unknown_attribute', 1, 'Unknown attribute secret'],
    ['constructor=x', 'unknown_attribute', 1, 'Unknown attribute constructor'],
    ['name.first=x', 'unknown_attribute', 1, 'name has no such part'],
    ['user.email=x', 'unknown_attribute', 1, 'user has no such part; there are id, code and name'],
    ['source.id=x', 'unknown_attribute', 1, 'source has no such part'],
    ['name_hr=x', 'bad_query', 1, 'name_hr cannot be used in a query'],
    ['metadata=x', 'bad_query', 1, 'say which key'],
    ['size>abc', 'bad_query', 6, 'size needs a number, not "abc"'],
    ['size in 1,x', 'bad_query', 11, 'size needs a number'],
    ['created > hello', 'bad_query', 11, 'created needs a date'],
    ['user>lisa', 'bad_query', 5, 'user is a reference'],
    ['source<hq', 'bad_query', 7, 'source is a reference'],
    ['size contains 1', 'bad_query', 6, 'size is a number'],
    ['name matches "(a"', 'bad_query', 14, 'a parenthesis is never closed'],
    ['source matches "(a"', 'bad_query', 16, 'a parenthesis is never closed'],
    ['metadata.a not matches "a**"', 'bad_query', 24, 'two repetitions'],
  ])('refuses %s', (text, code, column, message) => {
    const work = (): unknown => compile(parseExpression(text), binding, { ...context, dialect })
    expect(work).toThrow(expect.objectContaining({ code, column }))
    expect(work).toThrow(message)
    expect(work).toThrow(`(at column ${column})`)
  })
})
