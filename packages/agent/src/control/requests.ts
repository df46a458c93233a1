import {
  type AgentType,
  type FileRequestName,
  type FromAgent,
  fileRequests,
  maxControlMessage,
  parseValue,
  requests,
  type SessionSpec,
  type ToAgent,
  toWaybillError,
  WaybillError,
} from '@waybill/api'
import type { FilePlane } from '../files/file-plane.js'
import { oneLine } from './log.js'
import { checkRoot } from './root-check.js'
import type { Sessions } from './sessions/sessions.js'

export type Request = Extract<ToAgent, { type: 'request' }>
export type Reply = Extract<FromAgent, { type: 'reply' }>

/** What this agent is, as far as it decides what may be asked of it. */
export interface Role {
  readonly type: AgentType
  /** Ports to listen at, first and last; they go before those that the control plane names. */
  readonly ports: readonly [number, number] | undefined
}

/** Answers one request. Never rejects: what goes wrong is the answer. */
export async function answer(
  request: Request,
  sessions: Sessions,
  role: Role,
  files: FilePlane,
): Promise<Reply> {
  const { id } = request
  try {
    const reply: Reply = { type: 'reply', id, result: await perform(request, sessions, role, files) }
    const bytes = Buffer.byteLength(JSON.stringify(reply))
    if (bytes <= maxControlMessage) return reply
    throw new WaybillError('too_large', `The answer to ${request.name} is too long; ask for less at a time`)
  } catch (thrown) {
    const { code, message } = toWaybillError(thrown)
    return { type: 'reply', id, error: { code, message: oneLine(message) } }
  }
}

async function perform(
  { name, args }: Request,
  sessions: Sessions,
  role: Role,
  files: FilePlane,
): Promise<unknown> {
  if (isAboutFiles(name)) return await aboutFiles(name, args, role, files)
  switch (name) {
    case 'measure': {
      const { items } = sound(parseValue(requests.measure.args, args), name)
      return { items: await sessions.engine.measure(items) }
    }
    case 'root.check': {
      const check = sound(parseValue(requests['root.check'].args, args), name)
      if (check.create && role.type !== 'server') {
        throw new WaybillError('forbidden', 'Only agents of type server make directories for volumes')
      }
      return await checkRoot(check)
    }
    case 'session.open':
      return await sessions.open(withPorts(sound(parseValue(requests[name].args, args), name), role))
    default:
      throw new WaybillError(
        'unknown_uri',
        `This agent knows no request ${oneLine(name, 100)}; is it too old?`,
      )
  }
}

function isAboutFiles(name: string): name is FileRequestName {
  return Object.hasOwn(fileRequests, name)
}

/** Servers serve the directories of shares and nothing else; a user's own machine shows its own paths. */
async function aboutFiles(
  name: FileRequestName,
  args: unknown,
  { type }: Role,
  files: FilePlane,
): Promise<unknown> {
  const asked = sound(parseValue(requests[name].args, args), name)
  if ((asked.root === null) === (type === 'server')) {
    throw new WaybillError('forbidden', `An agent of type ${type} does not work on such paths`)
  }
  return await files.perform(name, asked)
}

function sound<T>(args: T | undefined, name: string): T {
  if (args === undefined) throw new WaybillError('bad_request', `The arguments of ${name} make no sense`)
  return args
}

function withPorts(spec: SessionSpec, { ports }: Role): SessionSpec {
  if (spec.link.kind !== 'listen' || ports === undefined) return spec
  return { ...spec, link: { kind: 'listen', ports: [...ports] } }
}
