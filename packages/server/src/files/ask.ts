import {
  type FileRequestName,
  type RequestArgs,
  type RequestResult,
  toWaybillError,
  WaybillError,
} from '@waybill/api'
import type { AgentHub } from '../agents/hub.js'
import { type FilePlace, noSuchFile, type Sought } from './place.js'

/** For one answer, milliseconds: the agent itself gives up on its storage a little earlier. */
const patience = 15_000
const longestWords = 300

/**
 * Asks the agent of a place. Rejects in words for the caller: `agent_offline`, `timeout` when the storage does
 * not answer, `not_found` in the words for what is hidden, or what the agent says is in the way.
 */
export async function askAgent<N extends FileRequestName>(
  hub: AgentHub,
  place: FilePlace,
  name: N,
  args: RequestArgs<N>,
  sought: Sought,
): Promise<RequestResult<N>> {
  const { id } = place.client
  if (!hub.isOnline(id)) throw offline(place)
  try {
    return await hub.request(id, name, args, { timeoutMs: patience })
  } catch (thrown) {
    throw inWords(place, thrown, sought)
  }
}

/** What went wrong at an agent, as the caller is told. */
export function inWords(place: FilePlace, thrown: unknown, sought: Sought): WaybillError {
  const { code, message } = toWaybillError(thrown)
  const { text, client } = place
  switch (code) {
    case 'not_found':
      return noSuchFile(text, sought)
    case 'agent_offline':
      return offline(place)
    case 'timeout':
      return new WaybillError('timeout', `${text}: the storage of ${client.code} does not answer`)
    case 'unknown_uri':
      return new WaybillError('not_available', `The agent on ${client.code} is too old for this; update it`)
    case 'internal':
      return new WaybillError('unreachable', `${text}: ${client.code} could not answer`, { cause: thrown })
    default:
      return new WaybillError(code, `${text}: ${message.slice(0, longestWords)}`)
  }
}

function offline({ client, share }: FilePlace): WaybillError {
  const what =
    share === undefined ? `${client.code} is` : `Server ${client.code}, which serves ${share.volume.code}, is`
  return new WaybillError('agent_offline', `${what} offline`)
}
