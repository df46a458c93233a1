import { id, integer, integerOrNull, ownedBy, partOf, type TableMaker, text, textOrNull } from './tables.js'

/** Passwords, invitations, collections, mapped shares, recipients, and who changed what. */
export async function peopleAndFiles(make: TableMaker): Promise<void> {
  await people(make)
  await files(make)
  await make.table('recipient', {
    id,
    workspace: text,
    job: partOf('job'),
    user: partOf('user'),
    actioned: integerOrNull,
    created: integer,
    creator: text,
  })
  await make.unique('recipient', ['workspace', 'job', 'user'])
  await make.index('recipient', ['workspace', 'user'])

  // The next retry is looked for all the time, among however many jobs.
  await make.index('job', ['workspace', 'population', 'not_before'])

  // Owned by nobody but the workspace: what was done outlives who did it and to what.
  await make.table('audit', {
    id,
    workspace: ownedBy('workspace'),
    created: integer,
    user: text,
    email: text,
    role: text,
    device: text,
    address: text,
    entitytype: text,
    entity: text,
    change: text,
    details: textOrNull,
  })
  await make.index('audit', ['workspace', 'id'])
  await make.index('audit', ['workspace', 'entity', 'id'])
  await make.index('audit', ['workspace', 'email', 'id'])
}

async function people(make: TableMaker): Promise<void> {
  await make.column('account', 'password', 'text')
  await make.column('api_key', 'addresses', 'text', '[]')
  await make.column('api_key', 'bound_to', 'text')
  await make.table('web_session', {
    id,
    account: ownedBy('account'),
    hash: text,
    device: text,
    address: text,
    created: integer,
    expires: integer,
    last_used: integer,
  })
  await make.unique('web_session', ['hash'])
  await make.index('web_session', ['account'])

  await make.table('invitation', {
    id,
    workspace: text,
    user: partOf('user'),
    hash: text,
    shown: integer,
    message: text,
    created: integer,
    creator: text,
    expires: integer,
    accepted: integerOrNull,
  })
  await make.unique('invitation', ['hash'])
  await make.index('invitation', ['workspace', 'user'])

  await make.table('mail', {
    id,
    workspace: ownedBy('workspace'),
    recipient: text,
    subject: text,
    body: text,
    created: integer,
    sent: integerOrNull,
    tries: integer,
    not_before: integer,
    problem: text,
  })
  await make.index('mail', ['sent', 'not_before'])
}

async function files(make: TableMaker): Promise<void> {
  await make.column('share_server', 'problem', 'text', '')
  await make.column('share', 'aside', 'integer', 0)
  await make.column('share', 'claimable', 'integer', 1)
  await make.column('acl', 'path', 'text', '/')
  await make.column('acl', 'read', 'integer', 1)
  await make.column('acl', 'write', 'integer', 1)
  // One home for each user.
  await make.unique('share', ['workspace', 'user'], { column: 'kind', is: 'home' })

  await make.table('collection_file', {
    id,
    workspace: text,
    collection: partOf('share'),
    share: partOf('share'),
    volume: partOf('share'),
    path: text,
    name: text,
    created: integer,
    creator: text,
  })
  await make.unique('collection_file', ['workspace', 'collection', 'name'])
  await make.index('collection_file', ['workspace', 'volume'])
  await make.index('collection_file', ['workspace', 'share'])

  await make.table('mapping', {
    id,
    workspace: text,
    client: partOf('client'),
    share: partOf('share'),
    path: text,
    read: integer,
    write: integer,
    created: integer,
    creator: text,
    modified: integer,
    modifier: text,
  })
  await make.unique('mapping', ['workspace', 'client', 'share'])
  await make.index('mapping', ['workspace', 'share'])
}
