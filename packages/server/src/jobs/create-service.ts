import type { JobEngine } from './engine.js'
import { abortJobsOf } from './request/abort-jobs-of.js'
import { createTransfer } from './request/create-transfer.js'
import { editTasks } from './request/edit-tasks.js'
import { editTransfer, removeTransfer } from './request/edit-transfer.js'
import { createTasks } from './request/grow-job.js'
import { queueOperations } from './request/queues.js'
import { receiveFiles } from './request/receive.js'
import type { JobService } from './service.js'

/** The operations of transfers, tasks and queues over an engine that makes them move. */
export function createJobService(engine: JobEngine): JobService {
  return {
    transfer: {
      create: async (ctx, input, options) => await createTransfer(ctx, engine, input, options),
      update: async (ctx, id, changes) => await editTransfer(ctx, engine, id, changes),
      remove: async (ctx, id) => await removeTransfer(ctx, engine, id),
      receive: async (ctx, job, choice) => await receiveFiles(ctx, engine, job, choice),
    },
    queue: queueOperations(engine),
    task: {
      create: async (ctx, input, options) => await createTasks(ctx, engine, input, options),
      updateMany: async (ctx, job, items) => await editTasks(ctx, engine, job, items),
    },
    touched: (workspace, { entitytype, id }) => touched(engine, workspace, entitytype, id),
    abortJobsOf: async (ctx, what, why) => await abortJobsOf(ctx, engine, what, why),
  }
}

const clients = ['client', 'app', 'server', 'userserver', 'browser']
const shares = ['volume', 'folder', 'home', 'collection']

function touched({ dispatcher, runs }: JobEngine, workspace: string, entitytype: string, id: string): void {
  if (clients.includes(entitytype)) dispatcher.poke(workspace, { by: 'client', id })
  else if (shares.includes(entitytype)) dispatcher.poke(workspace, { by: 'share', id })
  else if (entitytype === 'user' || entitytype === 'site') dispatcher.poke(workspace, { by: entitytype, id })
  else if (entitytype === 'transfer') {
    dispatcher.poke(workspace, { job: id })
    void runs.ofJob(id)?.changeRate()
  } else if (entitytype === 'queue' || entitytype === 'workspace') {
    dispatcher.poke(workspace, entitytype === 'queue' ? { by: 'queue', id } : { by: 'all' })
    for (const run of runs.all()) if (run.store.id === workspace) void run.changeRate()
  }
}
