import type { Session, Transfer } from '@waybill/sdk'
import { CommandEnd, exitCodes, failed } from '../../exit.js'
import { printable } from '../../output/printable.js'
import { createProgress } from '../../output/progress.js'
import { formatBytes, formatDuration } from '../../output/units.js'

/**
 * Shows a job's progress until it is done. Throws a failure when it failed or was aborted; Ctrl-C leaves the job
 * running, says how to come back, and ends with 130.
 */
export async function watch(session: Session, job: string): Promise<void> {
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  try {
    const last = await show(session, job, stop.signal)
    if (last?.status === 'done') process.stdout.write(`${summary(last)}\n`)
    else if (last?.status === 'failed' || last?.status === 'aborted') throw await failure(session, last)
    else throw interrupted(job)
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
}

async function show(session: Session, job: string, signal: AbortSignal): Promise<Transfer | undefined> {
  const progress = createProgress(process.stderr)
  let last: Transfer | undefined
  let away = false
  try {
    const changes = session.follow(job, {
      signal,
      onInterrupted: (error) => {
        if (!away) progress.note(`${error.message} Waiting for it; the agents carry on meanwhile.`)
        away = true
      },
    })
    for await (const transfer of changes) {
      away = false
      last = transfer
      progress.show(transfer)
    }
  } finally {
    progress.end()
  }
  return last
}

function interrupted(job: string): CommandEnd {
  return new CommandEnd(
    exitCodes.interrupted,
    `the job goes on without you. Follow it again with: waybill follow ${job}\nStop it with: waybill abort ${job}`,
  )
}

async function failure(session: Session, job: Transfer): Promise<CommandEnd> {
  const lines = [`${job.name} ${job.status}${job.status_hr ? `: ${job.status_hr}` : ''}`]
  if (job.status === 'failed') {
    const tasks = await session.find('Task WHERE status=failed', { entityId: job.id, limit: 10 })
    lines.push(
      ...tasks.map(({ source, status_hr }) => `  ${printable(source.path)}: ${printable(status_hr)}`),
    )
    if (job.tasks_failed > tasks.length) lines.push(`  and ${job.tasks_failed - tasks.length} more`)
  }
  lines.push(`The log says more: waybill log ${job.id}`, `Try again with: waybill retry ${job.id}`)
  return failed(lines.join('\n'))
}

function summary(job: Transfer): string {
  const { started, finished, size, name, id } = job
  const ms = started === null || finished === null ? 0 : finished.getTime() - started.getTime()
  // Moments come in whole seconds: a rate of less than a few would be a guess.
  const rate = ms >= 2000 ? ` in ${formatDuration(ms)}, ${formatBytes((size * 1000) / ms)}/s` : ''
  return `Done: ${printable(name)}, ${formatBytes(size)}${rate} (${id})`
}
