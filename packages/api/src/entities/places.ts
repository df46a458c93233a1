import { admins, operators, type Role, roles } from '../roles.js'
import type { Attribute, EntityDefinition, EntityType } from './definition.js'
import { created, metadata, named } from './shared-attributes.js'

export const site: EntityDefinition = {
  type: 'site',
  description: 'A place with servers; one is the main site, `hq`',
  visible: operators,
  attributes: {
    ...named,
    ...created,
    ...metadata,
    main: { type: 'boolean', description: 'Whether it is the main site' },
    status: {
      type: { oneOf: ['enabled', 'disabled'] },
      create: admins,
      update: admins,
      description: 'Whether it is used',
    },
  },
}

/** `client` and its four filters, which differ only in which `type` they show. */
function clientEntity(type: EntityType, description: string): EntityDefinition {
  return {
    type,
    description,
    visible: roles,
    attributes: {
      id: { type: 'id', description: 'The internal id' },
      code: { type: 'text', description: 'The host name' },
      name: { type: 'text', update: roles, description: 'Name as shown' },
      type: {
        type: { oneOf: [0, 1, 2, 3, 4] },
        description: '0 app, 1 server, 2 user server, 3 browser, 4 compute lane',
      },
      status: {
        type: { oneOf: ['init', 'online', 'offline', 'disabled', 'disabled-offline'] },
        update: roles,
        writable: ['enabled', 'online', 'disabled'],
        description: 'Whether it is connected, and may be used',
      },
      description: { type: 'text', update: roles, description: 'Free text' },
      os: { type: 'text', description: 'linux, mac or windows' },
      username: { type: 'text', description: 'The account of the operating system that it runs as' },
      version: { type: 'text', description: 'Version of the agent' },
      wan_ip: { type: 'text', description: 'Address that the control plane sees' },
      site: { type: { ref: ['site'] }, update: admins, description: 'The site that it belongs to' },
      site_hr: { type: 'text', description: 'The site, readable' },
      user: { type: { ref: ['user'] }, description: 'The user that it runs for' },
      user_hr: { type: 'text', description: 'The user, readable' },
      roles: { type: 'text', update: admins, description: 'What a server does: storage, site, compute' },
      last_checkin: { type: 'date', description: 'Last contact' },
      metrics: { type: 'json', description: 'Load of the machine' },
      metadata: { type: 'json', update: roles, description: 'User data, passed through' },
      ...created,
    },
  }
}

export const client = clientEntity('client', 'A running endpoint')
export const app = clientEntity('app', 'An endpoint on the machine of a user')
export const server = clientEntity('server', 'An endpoint that serves volumes')
export const userserver = clientEntity('userserver', 'An unattended endpoint of a user')
export const browser = clientEntity('browser', 'A web browser')

/** What all shares have; `by` are the roles that make and change them. */
function shareAttributes(by: readonly Role[]) {
  return {
    id: { type: 'id', description: 'The internal id' },
    code: { type: 'text', create: by, update: by, description: 'Unique name for the API' },
    name: { type: 'text', create: by, update: by, description: 'Name as shown' },
    description: { type: 'text', create: by, update: by, description: 'Free text' },
    ...created,
    metadata: { type: 'json', create: by, update: by, description: 'User data, passed through' },
    email: { type: 'text', description: 'Address for uploads by mail' },
    parent: {
      type: { ref: ['volume', 'folder'] },
      create: by,
      description: 'The volume that it lies on; at creation also a folder there',
    },
    parent_hr: { type: 'text', description: 'The volume, readable' },
    path: { type: 'text', create: by, update: admins, description: 'Where it lies' },
    queue: { type: { ref: ['queue'] }, create: by, update: by, description: 'Queue of its jobs by default' },
    status: {
      type: { oneOf: ['enabled', 'disabled', 'offline', 'disabled-offline'] },
      create: by,
      update: by,
      writable: ['enabled', 'disabled'],
      description: 'Whether it can be used now',
    },
    status_hr: { type: 'text', description: 'Why it cannot be used, readable' },
    inactive: { type: 'boolean', description: 'Set aside by deactivate' },
  } as const satisfies Record<string, Attribute>
}

/** Without where it lies. */
function withoutPlace() {
  const { parent, path, ...rest } = shareAttributes(operators)
  const { create: _parent, ...readParent } = parent
  const { create: _path, update: _update, ...readPath } = path
  return { ...rest, parent: readParent, path: readPath }
}

export const volume: EntityDefinition = {
  type: 'volume',
  description: 'A root directory that a server serves',
  visible: operators,
  attributes: {
    ...shareAttributes(admins),
    default: {
      type: 'boolean',
      create: admins,
      update: admins,
      description: 'Relative paths lie here; exactly one',
    },
    paths: { type: 'json', create: admins, update: admins, description: 'Paths per operating system' },
    server: {
      type: { ref: ['server'] },
      create: admins,
      update: admins,
      description: 'The server at the main site',
    },
    server_hr: { type: 'text', description: 'The server, readable' },
    siteservers: { type: 'json', description: 'Servers at other sites' },
  },
}

export const folder: EntityDefinition = {
  type: 'folder',
  description: 'A directory beneath a volume, shared through ACLs',
  visible: roles,
  attributes: shareAttributes(operators),
}

export const home: EntityDefinition = {
  type: 'home',
  description: "One user's folder beneath the default volume",
  visible: roles,
  attributes: {
    ...shareAttributes(operators),
    user: { type: { ref: ['user'] }, create: operators, update: admins, description: 'Whose it is' },
    user_hr: { type: 'text', description: 'Whose it is, readable' },
  },
}

export const collection: EntityDefinition = {
  type: 'collection',
  description: 'A virtual folder of chosen files',
  visible: roles,
  attributes: {
    ...withoutPlace(),
    files: { type: 'json', create: operators, inputOnly: true, description: 'Share paths to start with' },
  },
}

export const file: EntityDefinition = {
  type: 'file',
  description: 'A file or directory in a collection',
  visible: roles,
  attributes: {
    id: { type: 'uuid', description: 'The internal id' },
    name: { type: 'text', description: 'Its name within the collection: `collection=CODE/NAME`' },
    path: { type: 'text', description: 'Where it lies, as `volume=CODE/...`' },
    parent: { type: { ref: ['collection'] }, description: 'The collection' },
    parent_hr: { type: 'text', description: 'The collection, readable' },
    created: { type: 'date', description: 'When it was put in' },
    creator: { type: 'text', description: 'Email of who put it in' },
  },
}
