import { admins } from '../roles.js'
import type { Attribute } from './definition.js'

/** Attributes that many entity types have in the same form. */
export const created = {
  created: { type: 'date', description: 'When it was made' },
  creator: { type: 'text', description: 'Email of who made it' },
  modified: { type: 'date', description: 'When it was last changed' },
  modifier: { type: 'text', description: 'Email of who last changed it' },
} as const satisfies Record<string, Attribute>

export const description = {
  description: { type: 'text', create: admins, update: admins, description: 'Free text' },
} as const satisfies Record<string, Attribute>

export const metadata = {
  metadata: { type: 'json', create: admins, update: admins, description: 'User data, passed through' },
} as const satisfies Record<string, Attribute>

export const named = {
  id: { type: 'id', description: 'The internal id' },
  code: { type: 'text', create: admins, update: admins, description: 'Unique name for the API' },
  name: { type: 'text', create: admins, update: admins, description: 'Name as shown' },
  description: { type: 'text', create: admins, update: admins, description: 'Free text' },
} as const satisfies Record<string, Attribute>
