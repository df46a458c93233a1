import { id, integer, integerOrNull, ownedBy, partOf, type TableMaker, text, textOrNull } from './tables.js'

/** What most entities have. */
const entity = {
  id,
  workspace: ownedBy('workspace'),
  code: text,
  name: text,
  description: text,
  metadata: textOrNull,
  created: integer,
  creator: text,
  modified: integer,
  modifier: text,
}

/** Accounts, workspaces, their members, sites, clients and shares. */
export async function peopleAndPlaces(make: TableMaker): Promise<void> {
  await installation(make)
  await members(make)
  await shares(make)
  await make.table('setting', {
    id,
    workspace: text,
    entitytype: text,
    entity: text,
    name: text,
    value: text,
  })
  await make.unique('setting', ['workspace', 'entitytype', 'entity', 'name'])
}

async function installation(make: TableMaker): Promise<void> {
  await make.table('account', { id, email: text, name: text, created: integer })
  await make.unique('account', ['email'])
  await make.table('api_key', {
    id,
    account: ownedBy('account'),
    name: text,
    hash: text,
    created: integer,
    expires: integerOrNull,
    revoked: integerOrNull,
    last_used: integerOrNull,
  })
  await make.unique('api_key', ['hash'])
  await make.index('api_key', ['account'])
  const { workspace: _, ...own } = entity
  await make.table('workspace', { ...own, status: text })
  await make.unique('workspace', ['code'])
}

async function members(make: TableMaker): Promise<void> {
  await make.table('user', {
    ...entity,
    account: ownedBy('account'),
    role: text,
    status: text,
    inactive: integer,
    queue: textOrNull,
    logged_in: integerOrNull,
  })
  await make.unique('user', ['workspace', 'id'])
  // A deleted membership is a row less; one that was set aside keeps its email.
  await make.unique('user', ['workspace', 'code'])
  await make.unique('user', ['workspace', 'account'])
  await make.index('user', ['account'])

  await make.table('site', { ...entity, main: integer, status: text })
  await make.unique('site', ['workspace', 'code'])
  await make.unique('site', ['workspace'], { column: 'main', is: 1 })

  await make.table('client', {
    ...entity,
    type: integer,
    user: text,
    site: text,
    os: text,
    username: text,
    version: text,
    wan_ip: text,
    addresses: text,
    roles: text,
    machine: text,
    online: integer,
    disabled: integer,
    last_checkin: integerOrNull,
    metrics: textOrNull,
  })
  await make.unique('client', ['workspace', 'id'])
  await make.index('client', ['workspace', 'machine'])
  await make.index('client', ['workspace', 'user', 'online', 'last_checkin'])
  await make.index('client', ['workspace', 'site'])
}

async function shares(make: TableMaker): Promise<void> {
  await make.table('share', {
    ...entity,
    kind: text,
    parent: textOrNull,
    is_default: integer,
    path: text,
    paths: textOrNull,
    user: textOrNull,
    queue: textOrNull,
    email: text,
    status: text,
    inactive: integer,
  })
  await make.unique('share', ['workspace', 'id'])
  await make.unique('share', ['workspace', 'code'])
  await make.unique('share', ['workspace'], { column: 'is_default', is: 1 })
  await make.index('share', ['workspace', 'kind', 'inactive', 'id'])
  await make.index('share', ['workspace', 'parent'])
  await make.index('share', ['workspace', 'user'])

  await make.table('share_server', {
    id,
    workspace: text,
    share: partOf('share'),
    client: partOf('client'),
    site: text,
    path: text,
    created: integer,
  })
  await make.unique('share_server', ['workspace', 'share', 'site'])
  await make.index('share_server', ['workspace', 'client'])

  await make.table('acl', {
    id,
    workspace: text,
    user: partOf('user'),
    share: partOf('share'),
    paths: text,
    notify: integer,
    message: text,
    description: text,
    inactive: integer,
    acknowledged: integerOrNull,
    created: integer,
    creator: text,
    modified: integer,
    modifier: text,
  })
  await make.unique('acl', ['workspace', 'user', 'share'])
  await make.index('acl', ['workspace', 'share'])
}
