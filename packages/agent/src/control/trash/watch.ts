import { fullOptions, type SessionTask } from '@waybill/api'
import type { EngineFactory } from '../session-engine.js'
import type { TrashKeeper } from './keeper.js'

/** An engine whose keeper learns of all that goes to the trash, and looks after each session that did so. */
export function watchTrash(make: EngineFactory, keeper: TrashKeeper): EngineFactory {
  return (events, log) => {
    /** Of sessions that receive: the tasks whose deletions go to a trash, with its root. */
    const sessions = new Map<string, Map<string, string>>()
    const engine = make(
      {
        progress: (session, progress) => events.progress(session, progress),
        manifest: (session, ranges) => events.manifest(session, ranges),
        results: (session, results) => {
          const roots = sessions.get(session)
          for (const { task, code } of results) {
            const root = code === 'E#J066' ? roots?.get(task) : undefined
            if (root !== undefined) void keeper.makeRoom(root)
          }
          events.results(session, results)
        },
        ended: (session, end) => {
          if ((sessions.get(session)?.size ?? 0) > 0) void keeper.look()
          sessions.delete(session)
          events.ended(session, end)
        },
      },
      log,
    )
    return {
      open: async (spec) => {
        if (spec.role === 'receive') sessions.set(spec.session, new Map())
        try {
          return await engine.open(spec)
        } catch (error) {
          sessions.delete(spec.session)
          throw error
        }
      },
      tasks: (session, tasks) => {
        const roots = sessions.get(session)
        for (const task of tasks) {
          const root = rootOf(task)
          if (roots === undefined || root === undefined) continue
          roots.set(task.task, root)
          keeper.use(root)
        }
        engine.tasks(session, tasks)
      },
      cancel: (session, tasks) => engine.cancel(session, tasks),
      rate: (session, rate) => engine.rate(session, rate),
      finish: (session) => engine.finish(session),
      stop: (session, reason) => engine.stop(session, reason),
      measure: (items) => engine.measure(items),
      forget: (job) => engine.forget(job),
      close: () => engine.close(),
    }
  }
}

/** Where the trash of a task stands; undefined when nothing goes there. */
function rootOf({ location, options }: SessionTask): string | undefined {
  const { mode, trash, dryRun } = fullOptions(options)
  if (mode !== 'onewaysync' || trash.kind === 'none' || dryRun) return undefined
  return location.root ?? location.path
}
