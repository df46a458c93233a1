import { hostname } from 'node:os'
import { isAbsolute, resolve } from 'node:path'
import { quote, type Session } from '@waybill/sdk'
import { Option } from 'commander'
import { badInput } from '../../exit.js'

/** A directory of one of the user's own machines, as the server is to be told. */
export interface OwnDirectory {
  readonly client?: string
  readonly path: string
}

export const agentOption = (): Option =>
  new Option('--agent <host>', "the machine, by the name of its agent; this one's when absent")

/** The agent that is meant: the one named, else this machine's, else whichever the server saw last. */
export async function ownMachine(session: Session, agent: string | undefined): Promise<string | undefined> {
  if (agent !== undefined) return agent
  const { id } = await session.login()
  const mine = await session.find(`Client WHERE code=${quote(hostname())} AND user=${id}`)
  const online = mine.find(({ status }) => status === 'online')
  return (online ?? mine[0])?.id
}

/** A directory as somebody wrote it: relative ones are this machine's. */
export async function ownDirectory(
  session: Session,
  directory: string,
  agent: string | undefined,
): Promise<OwnDirectory> {
  const client = await ownMachine(session, agent)
  const absolute = isAbsolute(directory) || /^(?:[a-z]:[\\/]|\\\\)/i.test(directory)
  if (agent !== undefined && !absolute)
    throw badInput(`"${directory}" is relative; on ${agent} it has to be an absolute path`)
  const path = absolute ? directory : resolve(directory)
  return { path, ...(client === undefined ? {} : { client }) }
}
