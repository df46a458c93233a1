import { once } from 'node:events'
import type { Session, Transfer } from '@waybill/sdk'
import { CommandEnd, exitCodes, failed } from '../../exit.js'
import type { ListFlags } from '../../output/list.js'
import { printable } from '../../output/printable.js'
import { createProgress } from '../../output/progress.js'
import { previewAsJson, previewAsText } from './formats.js'

/** A dry run that takes longer than this shows its progress, milliseconds. */
const quietFor = 1000

/**
 * Waits for a dry run and prints what it found, page by page. Throws a failure when it could not look at
 * everything; Ctrl-C leaves it running.
 */
export async function followPreview(
  session: Session,
  { id, name }: Transfer,
  flags: ListFlags,
): Promise<void> {
  const stop = new AbortController()
  const isStopped = (): boolean => stop.signal.aborted
  const interrupt = (): void => stop.abort()
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  try {
    const last = await wait(session, id, stop.signal)
    if (isStopped() || last === undefined) throw interrupted(id, name)
    const pages = session.preview(id)
    const pieces = flags.json === true ? previewAsJson(last, pages) : previewAsText(last, pages)
    for await (const piece of pieces) {
      if (isStopped()) throw interrupted(id, name)
      if (!process.stdout.write(piece)) await once(process.stdout, 'drain')
    }
    if (last.status !== 'done') throw failed(await words(session, last))
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
}

function interrupted(id: string, name: string): CommandEnd {
  const lines = [
    `the dry run of ${printable(name)} goes on without you.`,
    `See what it found with: waybill preview ${id}`,
    `Stop it with: waybill abort ${id}`,
  ]
  return new CommandEnd(exitCodes.interrupted, lines.join('\n'))
}

/** The job as it was last seen. */
async function wait(session: Session, id: string, signal: AbortSignal): Promise<Transfer | undefined> {
  const progress = createProgress(process.stderr)
  const since = performance.now()
  let last: Transfer | undefined
  try {
    for await (const transfer of session.follow(id, { signal })) {
      last = transfer
      if (performance.now() - since > quietFor) progress.show(transfer)
    }
  } finally {
    progress.end()
  }
  return last
}

async function words(session: Session, job: Transfer): Promise<string> {
  const lines = [`The dry run ${job.status}${job.status_hr === '' ? '' : `: ${printable(job.status_hr)}`}`]
  if (job.status === 'failed') {
    const tasks = await session.find('Task WHERE status=failed', { entityId: job.id, limit: 10 })
    lines.push(
      ...tasks.map(({ source, status_hr }) => `  ${printable(source.path)}: ${printable(status_hr)}`),
    )
  }
  lines.push(
    'It did not look at everything; what it found is above.',
    `The log says more: waybill log ${job.id}`,
  )
  return lines.join('\n')
}
