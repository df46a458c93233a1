import { admins, operators, roles } from '../roles.js'
import type { EntityDefinition } from './definition.js'
import { created, description, metadata, named } from './shared-attributes.js'

export const workspace: EntityDefinition = {
  type: 'workspace',
  description: 'The installation as its users see it',
  visible: operators,
  attributes: {
    ...named,
    ...created,
    ...metadata,
    status: { type: { oneOf: ['enabled', 'disabled'] }, description: 'Whether it can be used' },
  },
}

export const user: EntityDefinition = {
  type: 'user',
  description: "An account's membership of the workspace",
  visible: roles,
  attributes: {
    id: { type: 'id', description: 'The internal id' },
    code: { type: 'text', create: operators, description: 'The email address' },
    name: { type: 'text', create: operators, update: roles, description: 'The full name' },
    ...created,
    ...description,
    ...metadata,
    role: { type: { oneOf: roles }, create: operators, update: admins, description: 'What the user may do' },
    status: {
      type: { oneOf: ['enabled', 'disabled'] },
      create: admins,
      update: operators,
      description: 'A disabled user cannot log in, and the jobs wait',
    },
    inactive: { type: 'boolean', description: 'Set aside by deactivate' },
    logged_in: { type: 'date', description: 'Last contact' },
    queue: {
      type: { ref: ['queue'] },
      create: admins,
      update: admins,
      description: 'Queue of the jobs by default',
    },
    create_home_share: { type: 'boolean', create: operators, inputOnly: true, description: 'Make a home' },
    give_all_volumes_access: {
      type: 'boolean',
      create: admins,
      inputOnly: true,
      description: 'ACLs on all volumes',
    },
    give_default_volume_access: {
      type: 'boolean',
      create: admins,
      inputOnly: true,
      description: 'An ACL on the default volume',
    },
    volumes: { type: 'json', create: admins, inputOnly: true, description: 'Volumes to be given access to' },
    message: { type: 'text', create: operators, inputOnly: true, description: 'Words of the invitation' },
    mail: {
      type: 'boolean',
      create: operators,
      inputOnly: true,
      description: 'Whether to send the invitation',
    },
  },
}

export const acl: EntityDefinition = {
  type: 'acl',
  description: 'What a user may do with a share',
  visible: roles,
  attributes: {
    id: { type: 'id', description: 'The internal id' },
    entity: { type: { ref: ['user'] }, create: operators, description: 'Who, as `user:<id>`' },
    entity_hr: { type: 'text', description: 'Who, readable' },
    target: {
      type: { ref: ['volume', 'folder', 'home', 'collection'] },
      create: operators,
      description: 'On what, as `share:<id>`',
    },
    target_hr: { type: 'text', description: 'On what, readable' },
    path: {
      type: 'text',
      create: operators,
      update: operators,
      description: 'Beneath the target; `/` is all of it. The first of several',
    },
    paths: { type: 'json', description: 'Every granted path with its rights' },
    read: { type: 'boolean', create: operators, update: operators, description: 'May read' },
    write: { type: 'boolean', create: operators, update: operators, description: 'May write' },
    notify: {
      type: 'boolean',
      create: operators,
      update: operators,
      description: 'Whether to tell the user by mail',
    },
    message: { type: 'text', create: operators, update: operators, description: 'Words to the user' },
    invite: { type: 'boolean', create: operators, inputOnly: true, description: 'Invite an unknown email' },
    acknowledged: { type: 'date', description: 'When the user took notice' },
    role: { type: 'text', description: 'Role within the share' },
    status: { type: 'text', description: 'Whether it is in force' },
    token: { type: 'text', description: 'Token of the invitation' },
    ...created,
    description: { type: 'text', create: operators, update: operators, description: 'Free text' },
  },
}
