import { attributeNames, entities, entityTypes, roles } from '@waybill/api'
import { describe, expect, it } from 'vitest'
import { kindOf } from './kinds.js'

describe.each(entityTypes)('%s', (type) => {
  const definition = entities[type]
  const { fields } = kindOf(type)

  it('is stored under every name that some role reads, and under no other', () => {
    const readable = new Set(roles.flatMap((role) => attributeNames(definition, role)))
    expect(Object.keys(fields).sort()).toEqual([...readable].sort())
  })

  it('says of every attribute what is shown', () => {
    for (const [name, field] of Object.entries(fields)) {
      const shown =
        field.show ?? field.lookup ?? (field.binding?.kind === 'party' ? undefined : field.binding)
      expect(shown, name).toBeDefined()
    }
  })
})
