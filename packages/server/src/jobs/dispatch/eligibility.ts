import { isReasonCode, type Reason } from '@waybill/api'
import type { ClientFacts, Facts } from './facts.js'

/**
 * Whether a job may run now: undefined when nothing stands against it, else the first thing that does, with the
 * entity in the way and what would clear it. The dispatcher and every "why it waits" are this one function.
 * Contention for the pair of endpoints is not decided here (dispatcher.ts): it depends on other jobs.
 */
export function whatStandsAgainst(
  facts: Facts,
  online: (client: string) => boolean,
  now: number,
): Reason | undefined {
  for (const check of checks) {
    const reason = check(facts, online, now)
    if (reason !== undefined) return reason
  }
  return undefined
}

type Check = (facts: Facts, online: (client: string) => boolean, now: number) => Reason | undefined

const checks: readonly Check[] = [
  receiverHasToChoose,
  queueIsPaused,
  userIsOut,
  siteIsOut,
  shareIsOut,
  (facts, online) => clientIsOut('source', facts.source, online),
  (facts, online) => clientIsOut('destination', facts.destination, online),
  isNotDue,
]

function receiverHasToChoose({ job, users }: Facts): Reason | undefined {
  const left = job.tasks_queued + job.tasks_booting + job.tasks_executing
  if (job.tasks_pending === 0 || left > 0) return undefined
  const receiver = users.find(({ id }) => id === job.destination_id)
  return {
    code: 'W#J054',
    message: `Waiting for ${receiver?.code ?? 'the receiver'} to choose where to put the files`,
    ...(receiver === undefined ? {} : { entity: `user:${receiver.id}` }),
    action: 'The receiver chooses a folder',
  }
}

function queueIsPaused({ queues }: Facts): Reason | undefined {
  const queue = queues.find(({ status }) => status === 'paused')
  return (
    queue && {
      code: 'W#J067',
      message: `Queue ${queue.name} is paused`,
      entity: `queue:${queue.id}`,
      action: 'Resume the queue, or move the job to another one',
    }
  )
}

function userIsOut({ users }: Facts): Reason | undefined {
  const user = users.find(({ status, inactive }) => status !== 'enabled' || inactive === 1)
  return (
    user && {
      code: 'E#J051',
      message: `User ${user.code} is ${user.inactive === 1 ? 'inactive' : 'disabled'}`,
      entity: `user:${user.id}`,
      action: user.inactive === 1 ? 'Activate the user' : 'Enable the user',
    }
  )
}

function siteIsOut({ sites }: Facts): Reason | undefined {
  const site = sites.find(({ status }) => status !== 'enabled')
  return (
    site && {
      code: 'W#J052',
      message: `Site ${site.code} is disabled`,
      entity: `site:${site.id}`,
      action: 'Enable the site',
    }
  )
}

function shareIsOut({ shares }: Facts): Reason | undefined {
  const share = shares.find(({ status, inactive }) => status !== 'enabled' || inactive === 1)
  return (
    share && {
      code: 'W#J052',
      message: `${share.kind} ${share.code} is ${share.inactive === 1 ? 'inactive' : 'disabled'}`,
      entity: `${share.kind}:${share.id}`,
      action: `Enable the ${share.kind}`,
    }
  )
}

function clientIsOut(
  side: 'source' | 'destination',
  client: ClientFacts | undefined,
  online: (client: string) => boolean,
): Reason | undefined {
  if (client === undefined) {
    return { code: 'W#J050', message: `No client at the ${side}`, action: 'Start an agent there' }
  }
  const entity = `client:${client.id}`
  if (client.disabled === 1) {
    return {
      code: 'W#J050',
      message: `Client ${client.code} (${side}) is disabled`,
      entity,
      action: 'Enable the client',
    }
  }
  if (online(client.id)) return undefined
  return {
    code: 'W#J050',
    message: `Client ${client.code} (${side}) is offline`,
    entity,
    action: `Start the agent on ${client.code}`,
  }
}

/** Last: a job that is to be tried again later still says why, and what else it would wait for. */
function isNotDue({ job }: Facts, _online: unknown, now: number): Reason | undefined {
  if (job.not_before === null || job.not_before <= now) return undefined
  if (isReasonCode(job.reason) && job.reason !== 'W#J056') return { code: job.reason, message: job.reason_hr }
  return { code: 'W#J056', message: 'About to start' }
}
