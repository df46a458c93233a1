import { Hopeless, waitFor } from './wait.js'
import type { Entity, WireClient } from './wire-client.js'

export interface StatusOptions {
  readonly timeoutMs?: number
  /** Milliseconds between two looks. */
  readonly everyMs?: number
  /** Statuses from which the one that is waited for cannot come; `failed` and `aborted` for `done`. */
  readonly never?: readonly string[]
}

/** Waits until a transfer has one of the statuses; answers with it. Fails with what the control plane says. */
export async function waitForStatus(
  client: WireClient,
  id: string,
  status: string | readonly string[],
  options: StatusOptions = {},
): Promise<Entity> {
  const wanted = typeof status === 'string' ? [status] : status
  const never = options.never ?? (status === 'done' ? ['failed', 'aborted', 'paused'] : [])
  let seen = ''
  const look = async (): Promise<Entity | undefined> => {
    const job = await client.get('transfer', id)
    if (job === undefined) throw new Error(`Transfer ${id} is not there`)
    seen = `${String(job.status)} ${String(job.progress)}% ${String(job.status_code)} ${String(job.status_hr)}`
    if (wanted.includes(String(job.status))) return job
    if (never.includes(String(job.status))) throw new Hopeless(`it is ${seen}\n${await tell(client, id)}`)
    throw new Error(`it is ${seen}`)
  }
  return waitFor(look, {
    what: `transfer ${id} to be ${wanted.join(' or ')}`,
    timeoutMs: options.timeoutMs ?? 60_000,
    everyMs: options.everyMs ?? 40,
  })
}

/** Creates a transfer and waits until it is done. */
export async function transferred(
  client: WireClient,
  data: Record<string, unknown>,
  options: StatusOptions = {},
): Promise<Entity> {
  const job = await client.create('transfer', data)
  return waitForStatus(client, job.id, 'done', options)
}

/** Waits until some bytes of a running transfer are through, but not all; answers with it. */
export async function waitUntilMidway(client: WireClient, id: string): Promise<Entity> {
  return waitFor(
    async () => {
      const job = await client.get('transfer', id)
      if (job?.status === 'done') throw new Hopeless('it is done already; slow it down')
      if (job === undefined) return undefined
      const { status, progress } = job
      return status === 'running' && typeof progress === 'number' && progress > 0 && progress < 90
        ? job
        : undefined
    },
    { what: `transfer ${id} to be in the middle`, timeoutMs: 30_000 },
  )
}

async function tell(client: WireClient, id: string): Promise<string> {
  try {
    const tasks = await client.tasks(id)
    const lines = tasks.map(
      (task) => `  task ${String(task.uri)}: ${String(task.status)} ${String(task.status_hr)}`,
    )
    return [...lines, await client.log(id)].join('\n')
  } catch (error) {
    return `(no log: ${String(error)})`
  }
}
