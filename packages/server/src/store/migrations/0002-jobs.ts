import {
  counter,
  id,
  integer,
  integerOrNull,
  number,
  numberOrNull,
  ownedBy,
  partOf,
  type TableMaker,
  text,
  textOrNull,
} from './tables.js'

/** Jobs and their tasks, what happens to them, and who runs them. */
export async function jobs(make: TableMaker): Promise<void> {
  await job(make)
  await task(make)
  await log(make)
  await running(make)
}

async function job(make: TableMaker): Promise<void> {
  await make.table('job', {
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
    kind: text,
    parent: textOrNull,
    delivery: textOrNull,
    user: textOrNull,
    modifier_user: textOrNull,
    status: text,
    reason: textOrNull,
    reason_hr: text,
    reason_entity: textOrNull,
    population: text,
    position: number,
    priority: integer,
    is_default: integer,
    compute_default: integer,
    source_type: textOrNull,
    source_id: textOrNull,
    source_client: textOrNull,
    destination_type: textOrNull,
    destination_id: textOrNull,
    destination_client: textOrNull,
    mirrored: integer,
    hooks: textOrNull,
    shares: text,
    size: integer,
    transferred: integer,
    speed: number,
    etr: numberOrNull,
    started: integerOrNull,
    finished: integerOrNull,
    measured: integer,
    paused_by_hand: integer,
    retries: integer,
    not_before: integerOrNull,
    run: integer,
    tasks_total: integer,
    tasks_pending: integer,
    tasks_queued: integer,
    tasks_booting: integer,
    tasks_executing: integer,
    tasks_failed: integer,
    tasks_onhold: integer,
    tasks_excluded: integer,
    tasks_done: integer,
  })
  await make.unique('job', ['workspace', 'id'])
  // Pages of find; the id is the cursor.
  await make.index('job', ['workspace', 'kind', 'population', 'id'])
  // A queue in its order. Finished jobs keep their queue, hence the population before the position.
  await make.index('job', ['workspace', 'parent', 'population', 'position', 'id'])
  // Live jobs from or to an endpoint that came, went or is free again.
  await make.index('job', ['workspace', 'source_client', 'population'])
  await make.index('job', ['workspace', 'destination_client', 'population'])
  // What a user created, sends or receives; what keeps a site from being deleted.
  await make.index('job', ['workspace', 'user', 'population', 'id'])
  await make.index('job', ['workspace', 'source_id', 'population', 'id'])
  await make.index('job', ['workspace', 'destination_id', 'population', 'id'])
  await make.index('job', ['workspace', 'delivery'])
  // What is old enough for the archive.
  await make.index('job', ['workspace', 'population', 'finished'])
  await make.unique('job', ['workspace', 'code'], { column: 'kind', is: 'queue' })
  await make.unique('job', ['workspace'], { column: 'is_default', is: 1 })
}

async function task(make: TableMaker): Promise<void> {
  await make.table('task', {
    id,
    workspace: text,
    job: partOf('job'),
    seq: integer,
    uri: text,
    status: text,
    reason: textOrNull,
    reason_hr: text,
    priority: integer,
    source: text,
    destination: text,
    fingerprint: text,
    measured: integer,
    size: integer,
    transferred: integer,
    files: integer,
    time: integer,
    tries: integer,
    run: integer,
    created: integer,
    finished: integerOrNull,
    modified: integer,
    metadata: textOrNull,
  })
  await make.unique('task', ['workspace', 'job', 'seq'])
  await make.unique('task', ['workspace', 'job', 'uri'])
  await make.unique('task', ['workspace', 'job', 'fingerprint'])
  // The next bucket: of the queued ones the most urgent, then the oldest.
  await make.index('task', ['workspace', 'job', 'status', 'priority desc', 'seq'])
}

async function log(make: TableMaker): Promise<void> {
  await make.table('log', {
    id,
    workspace: text,
    job: partOf('job'),
    task: textOrNull,
    level: text,
    code: textOrNull,
    message: text,
    created: integer,
  })
  await make.index('log', ['workspace', 'job', 'id'])

  await make.table('event', {
    seq: counter,
    workspace: text,
    entitytype: text,
    entity: text,
    change: text,
    created: integer,
  })
  await make.index('event', ['workspace', 'seq'])
}

async function running(make: TableMaker): Promise<void> {
  await make.table(
    'seen_event',
    { workspace: text, ident: text, eid: text, created: integer, answer: textOrNull },
    ['workspace', 'ident', 'eid'],
  )
  // Old answers are forgotten in all workspaces at once.
  await make.index('seen_event', ['created'])

  await make.table(
    'lease',
    {
      workspace: text,
      job: partOf('job'),
      run: integer,
      pair: text,
      slot: integer,
      session: text,
      source_client: text,
      destination_client: text,
      owner: text,
      expires: integer,
      created: integer,
    },
    ['workspace', 'job'],
  )
  // Two nodes that take the same slot collide here, whatever each of them has read before.
  await make.unique('lease', ['workspace', 'pair', 'slot'])
  await make.index('lease', ['workspace', 'source_client'])
  await make.index('lease', ['workspace', 'destination_client'])
}
