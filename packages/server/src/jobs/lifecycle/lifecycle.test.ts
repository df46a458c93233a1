import { taskStatuses } from '@waybill/api'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { upload, World } from '../testing.js'
import { readJob } from './apply-job.js'
import { isFinished, verdict } from './job-machine.js'
import { countsOf, moveTasks } from './move-tasks.js'
import { settleJob } from './settle.js'
import { type TaskTrigger, taskMachine } from './task-machine.js'

let world: World
beforeAll(async () => {
  world = await World.create()
})
afterAll(async () => {
  await world.close()
})

const triggers = Object.keys(taskMachine).filter((name): name is TaskTrigger => name in taskMachine)

const step = fc.record({
  trigger: fc.constantFrom(...triggers),
  tasks: fc.uniqueArray(fc.nat({ max: 3 }), { minLength: 1 }),
  /** Somebody pauses or resumes the job before the tasks move. */
  person: fc.constantFrom<'paused' | 'waiting' | undefined>(undefined, undefined, 'paused', 'waiting'),
})

it('keeps counters, bytes, population and status in line with the tasks, whatever happens to them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const tasks = [0, 1, 2, 3].map((n) => upload(world, `${n}.mov`))
      const id = await world.create({ tasks, status: 'paused' })
      await world.quiet()
      const ids = (await world.tasks(id)).map((task) => task.id)
      for (const { trigger, tasks: chosen, person } of steps) {
        if (person !== undefined && !isFinished((await world.job(id)).status)) {
          await world.edit(id, { status: person })
        }
        const before = await world.job(id)
        await world.workspace.transaction(async (tx) => {
          const change = { tx, workspace: world.workspace.id, now: world.clock.now() }
          await moveTasks(change, id, trigger, { ids: chosen.flatMap((n) => ids[n] ?? []) })
          await settleJob(change, id, () => null)
          const job = await readJob(change, id)
          if (job === undefined) throw new Error('the job is gone')
          const rows = await tx.selectFrom('task').selectAll().where('job', '=', id).execute()
          const recount = Object.fromEntries(
            taskStatuses.map((status) => [status, rows.filter((row) => row.status === status).length]),
          )
          expect(countsOf(job)).toEqual(recount)
          expect(job.tasks_total).toBe(rows.length)
          expect(job.size).toBe(rows.reduce((sum, { size }) => sum + size, 0))
          expect(job.transferred).toBe(rows.reduce((sum, { transferred }) => sum + transferred, 0))
          expect(job.population).toBe(isFinished(job.status) ? 'finished' : 'live')
          if (isFinished(before.status)) return
          const said = verdict(countsOf(job))
          if (said === 'complete') expect(job.status).toBe('done')
          if (said === 'fail') expect(job.status).toBe(job.paused_by_hand === 1 ? 'paused' : 'failed')
          if (said === 'hold') expect(job.status).toBe('paused')
          if (said === undefined && before.paused_by_hand === 1) expect(job.status).toBe('paused')
          if (said === undefined && before.status === 'paused' && before.paused_by_hand === 0) {
            expect(job.status).toBe('waiting')
          }
        })
      }
      await world.service.transfer.remove?.(world.context(), id, { force: false })
    }),
    { numRuns: 25 },
  )
})
