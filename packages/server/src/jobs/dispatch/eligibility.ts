import { agentTypes, isReasonCode, type Reason } from '@waybill/api'
import type { ClientFacts, Facts, ShareFacts } from './facts.js'

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
  storageIsOut,
  (facts, online) => clientIsOut('source', facts.source, facts, online),
  (facts, online) => clientIsOut('destination', facts.destination, facts, online),
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

function shareIsOut(facts: Facts): Reason | undefined {
  const { shares } = facts
  const share = shares.find(({ status, inactive }) => status !== 'enabled' || inactive === 1)
  return (
    share && {
      code: 'W#J052',
      message: `${nameOfShare(share, facts)} is ${share.inactive === 1 ? 'inactive' : 'disabled'}`,
      entity: `${share.kind}:${share.id}`,
      action: `Enable the ${share.kind}`,
    }
  )
}

function nameOfShare({ kind, code }: ShareFacts, facts: Facts): string {
  return kind === 'volume' ? forEyesOf(facts, `volume ${code}`, 'the volume') : `${kind} ${code}`
}

/** Nobody serves a volume any more, or its directory is gone. */
function storageIsOut(facts: Facts): Reason | undefined {
  const { storage, sites, shares } = facts
  for (const { side, site, served } of storage) {
    const where = sites.find(({ id }) => id === site)?.code ?? 'hq'
    const volume = shares.find(({ kind }) => kind === 'volume')
    if (served.length === 0 && volume !== undefined) {
      const what = forEyesOf(facts, `Volume ${volume.code}`, 'The volume')
      return {
        code: 'W#J052',
        message: `${what} (${side}) has no server at ${where}`,
        entity: `volume:${volume.id}`,
        action: 'Assign a server to the volume',
      }
    }
    const broken = served.find(({ problem }) => problem !== '')
    if (broken !== undefined) {
      const what = forEyesOf(facts, `Volume ${broken.code} (${side}) cannot be served: ${broken.problem}`, '')
      return {
        code: 'W#J052',
        message: what === '' ? `The volume (${side}) cannot be served` : what,
        entity: `volume:${broken.share}`,
        action: 'Mend the directory on its server, or give the volume to another one',
      }
    }
  }
  return undefined
}

/** Standard users see neither volumes nor servers, so that what their jobs wait for is told without names. */
function forEyesOf({ nameless }: Facts, named: string, otherwise: string): string {
  return nameless ? otherwise : named
}

function clientIsOut(
  side: 'source' | 'destination',
  client: ClientFacts | undefined,
  facts: Facts,
  online: (client: string) => boolean,
): Reason | undefined {
  if (client === undefined) {
    return { code: 'W#J050', message: `No client at the ${side}`, action: 'Start an agent there' }
  }
  const entity = `client:${client.id}`
  const isServer = client.type === agentTypes.server
  const what = isServer ? forEyesOf(facts, `Client ${client.code}`, 'The server') : `Client ${client.code}`
  if (client.disabled === 1) {
    return {
      code: 'W#J050',
      message: `${what} (${side}) is disabled`,
      entity,
      action: 'Enable the client',
    }
  }
  if (online(client.id)) return undefined
  return {
    code: 'W#J050',
    message: `${what} (${side}) is offline`,
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
