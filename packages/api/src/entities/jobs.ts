import { admins, everybody, operators } from '../roles.js'
import { jobStatuses, taskStatuses, writableJobStatuses, writableTaskStatuses } from '../statuses.js'
import type { EntityDefinition } from './definition.js'
import { created, metadata, named } from './shared-attributes.js'

export const queue: EntityDefinition = {
  type: 'queue',
  description: 'Jobs in order; queues have priorities',
  visible: operators,
  attributes: {
    ...named,
    ...created,
    ...metadata,
    priority: {
      type: 'integer',
      create: admins,
      update: admins,
      description: '0 to 1000; higher is more urgent',
    },
    default: { type: 'boolean', create: admins, update: admins, description: 'Where jobs go by default' },
    compute_default: {
      type: 'boolean',
      create: admins,
      update: admins,
      description: 'The same for compute jobs',
    },
    status: {
      type: { oneOf: ['waiting', 'paused'] },
      create: admins,
      update: admins,
      description: 'A paused queue starts nothing',
    },
    status_hr: { type: 'text', description: 'The status, readable' },
    parent: { type: { ref: ['queue'] }, create: admins, update: admins, description: 'The queue above' },
    parent_hr: { type: 'text', description: 'The queue above, readable' },
    uri: { type: 'text', description: 'Codes of the queues above, and its own' },
  },
}

export const transfer: EntityDefinition = {
  type: 'transfer',
  description: 'Files to be moved from one party to another',
  visible: everybody,
  attributes: {
    id: { type: 'id', description: 'The internal id' },
    code: { type: 'text', description: 'The same as name' },
    name: {
      type: 'text',
      create: everybody,
      update: everybody,
      description: 'Name; made from the first source when absent',
    },
    status: {
      type: { oneOf: jobStatuses },
      create: everybody,
      update: everybody,
      writable: writableJobStatuses,
      description: 'Where it stands',
    },
    status_hr: { type: 'text', description: 'Why it waits or failed, in words' },
    status_code: { type: 'text', description: 'Why it waits or failed, as a code' },
    source: { type: 'party', create: everybody, description: 'The sender, as `<type>:<id>`' },
    source_hr: { type: 'text', description: 'The sender, readable' },
    destination: { type: 'party', create: everybody, description: 'The recipient, as `<type>:<id>`' },
    destination_hr: { type: 'text', description: 'The recipient, readable' },
    created: { type: 'date', description: 'Date of creation' },
    started: { type: 'date', description: 'When it first ran' },
    finished: { type: 'date', description: 'When it was completed or aborted' },
    modified: { type: 'date', description: 'When it was last changed' },
    modifier: { type: { ref: ['user'] }, description: 'Id of the user that last changed it' },
    user: { type: { ref: ['user'] }, description: 'Id of the user that created it' },
    user_hr: { type: 'text', description: 'The user that created it, readable' },
    size: { type: 'integer', unit: 'bytes', description: 'Total size' },
    transferred: { type: 'integer', unit: 'bytes', description: 'Bytes that are done' },
    progress: { type: 'integer', unit: '%', description: '0 to 100' },
    speed: { type: 'number', unit: 'MB/s', description: 'Current speed; -1 when not running' },
    etr: { type: 'text', unit: 'H:MM:SS', description: 'Estimated time remaining; empty when not running' },
    uri: { type: 'text', description: 'Codes of the queues that it is in' },
    parent: {
      type: { ref: ['queue'] },
      create: everybody,
      update: operators,
      description: 'Id of the queue',
    },
    parent_hr: { type: 'text', description: 'The queue, readable' },
    queue: {
      type: { ref: ['queue'] },
      create: everybody,
      update: operators,
      description: 'Code of the queue',
    },
    priority: { type: 'integer', description: 'Priority of its queue' },
    position: { type: 'number', read: operators, description: 'Order within its queue; lower goes first' },
    index: {
      type: 'integer',
      update: operators,
      inputOnly: true,
      description: 'Moves it within its queue: 0 is first, -1 last',
    },
    before: {
      type: { ref: ['transfer'] },
      update: operators,
      inputOnly: true,
      description: 'Moves it before another job of its queue',
    },
    metadata: {
      type: 'json',
      create: everybody,
      update: everybody,
      description: 'User data, passed through',
    },
    settings: { type: 'json', create: everybody, inputOnly: true, description: 'Settings of this job' },
    hooks: { type: 'json', create: everybody, update: everybody, description: 'Hooks of this job' },
    retries: { type: 'integer', description: 'How often it was retried by itself' },
    tasks_total: { type: 'integer', description: 'Number of tasks' },
    tasks_done: { type: 'integer', description: 'Tasks that are done' },
    tasks_failed: { type: 'integer', description: 'Tasks that failed' },
    dryrun: {
      type: 'boolean',
      create: everybody,
      onRequest: true,
      description: 'It moves nothing and changes nothing, and only tells what would happen',
    },
    description: { type: 'text', create: everybody, update: everybody, description: 'Free text' },
    tasks: { type: 'json', create: everybody, inputOnly: true, description: 'What to transfer' },
    append: {
      type: 'boolean',
      create: everybody,
      inputOnly: true,
      description: 'Add to the most recent job',
    },
    delivery: { type: { ref: ['delivery', 'request'] }, description: 'The delivery that it belongs to' },
  },
}

export const task: EntityDefinition = {
  type: 'task',
  description: 'A file, directory or sequence of a job',
  visible: everybody,
  attributes: {
    id: { type: 'uuid', description: 'The internal id' },
    uri: { type: 'text', description: 'Unique within the job, usually a sequential number' },
    status: {
      type: { oneOf: taskStatuses },
      create: everybody,
      update: everybody,
      writable: writableTaskStatuses,
      description: 'Where it stands',
    },
    status_hr: { type: 'text', description: 'Why it waits or failed, in words' },
    status_code: { type: 'text', description: 'Why it waits or failed, as a code' },
    job: { type: { ref: ['transfer'] }, description: 'Id of the job' },
    job_hr: { type: 'text', description: 'The job, readable' },
    source: { type: 'json', create: everybody, description: 'Where the file is' },
    destination: { type: 'json', create: everybody, description: 'Where it goes' },
    priority: {
      type: 'integer',
      create: everybody,
      update: everybody,
      description: '1 to 1000; higher goes first',
    },
    size: { type: 'integer', unit: 'bytes', description: 'Size of the source' },
    transferred: { type: 'integer', unit: 'bytes', description: 'Bytes that are done' },
    files: { type: 'integer', description: 'Files within' },
    time: { type: 'integer', unit: 'ms', description: 'Time that the bucket of tasks took' },
    tries: { type: 'integer', description: 'How often it was started' },
    created: { type: 'date', description: 'Date of creation' },
    finished: { type: 'date', description: 'When it finished' },
    modified: { type: 'date', description: 'When it was last changed' },
    metadata: {
      type: 'json',
      create: everybody,
      update: everybody,
      description: 'User data, passed through',
    },
    settings: { type: 'json', create: everybody, inputOnly: true, description: 'Settings of this task' },
  },
}

/** Files for recipients, and the reverse; known, and kept a place, until they are available. */
const parcel = {
  id: { type: 'id', description: 'The internal id' },
  code: { type: 'text', description: 'The same as name' },
  name: { type: 'text', description: 'Name' },
  status: { type: 'text', description: 'Where it stands' },
  public: { type: 'boolean', description: 'Whether it can be fetched without a login' },
  user: { type: { ref: ['user'] }, description: 'Id of the user that created it' },
  user_hr: { type: 'text', description: 'The user that created it, readable' },
  ...created,
  parent: { type: { ref: ['queue'] }, description: 'Id of the queue' },
  size: { type: 'integer', unit: 'bytes', description: 'Total size' },
  ...metadata,
  expires: { type: 'date', description: 'When it is withdrawn' },
} as const

export const delivery: EntityDefinition = {
  type: 'delivery',
  description: 'Files for recipients',
  visible: everybody,
  attributes: parcel,
}
export const request: EntityDefinition = {
  type: 'request',
  description: 'Files asked of others',
  visible: everybody,
  attributes: parcel,
}
export const stream: EntityDefinition = {
  type: 'stream',
  description: 'Media played from a share',
  visible: everybody,
  attributes: parcel,
}
