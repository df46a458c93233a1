import type { StringReference } from 'kysely'
import type { Schema } from '../../store/schema.js'
import { date, json, text, word } from './fields.js'
import type { Field } from './kind.js'

type NamedTable = 'workspace' | 'user' | 'site' | 'client' | 'share' | 'job'

/** The attributes that most entities have, in the columns that most tables have. */
export function commonFields(table: NamedTable): Readonly<Record<string, Field>> {
  const column = (name: string) => `${table}.${name}` as StringReference<Schema, keyof Schema> // every one of these tables has EntityColumns
  return {
    id: word(column('id')),
    code: text(column('code')),
    name: text(column('name')),
    description: text(column('description')),
    metadata: json(column('metadata')),
    ...creationFields(table),
  }
}

export function creationFields(table: NamedTable | 'acl'): Readonly<Record<string, Field>> {
  return {
    created: date(`${table}.created`),
    creator: text(`${table}.creator`),
    modified: date(`${table}.modified`),
    modifier: text(`${table}.modifier`),
  }
}
