import { randomBytes } from 'node:crypto'
import { agentTypes, type Line, type SessionSpec, WaybillError } from '@waybill/api'
import type { Selectable } from 'kysely'
import type { ClientTable } from '../../store/schema.js'
import type { Tx } from '../../store/store.js'
import type { Lease } from '../dispatch/lease.js'
import { type EffectiveSettings, numberSetting, wordSetting } from '../effective-settings.js'
import { endsOf } from './session-ends.js'

type Client = Selectable<ClientTable>
type Common = Omit<SessionSpec, 'role' | 'link'>

export interface SessionPlan {
  readonly listener: Client
  readonly connector: Client
  /** What each side is told, but for the link. */
  readonly listen: Common & Pick<SessionSpec, 'role'>
  readonly connect: Common & Pick<SessionSpec, 'role'>
}

/** Who listens: storage is where ports can be opened; between equals, the source. */
const listens: readonly number[] = [agentTypes.server, agentTypes.userserver, agentTypes.app]

/** Decides who listens and makes the one-time key of a session. */
export async function planSession(db: Tx, lease: Lease, settings: EffectiveSettings): Promise<SessionPlan> {
  const source = await readClient(db, lease.source_client)
  const destination = await readClient(db, lease.destination_client)
  const common: Common = {
    session: lease.session,
    lease: lease.run,
    job: lease.job,
    identity: lease.session,
    key: randomBytes(32).toString('base64'),
    cipher: wordSetting(settings, 'transfer_encryption') === 'aes256' ? 'aes256' : 'aes128',
    connections: connectionsOf(settings),
    transport: transportOf(settings),
    rate: rateOf(settings),
  }
  const send = { ...common, role: 'send' as const }
  const { session, job } = endsOf(lease).destination
  const receive = { ...common, session, job, role: 'receive' as const }
  return rank(source) <= rank(destination)
    ? { listener: source, connector: destination, listen: send, connect: receive }
    : { listener: destination, connector: source, listen: receive, connect: send }
}

function connectionsOf(settings: EffectiveSettings): Common['connections'] {
  const count = Math.trunc(numberSetting(settings, 'transfer_socket_count'))
  return Number.isNaN(count) ? 'auto' : Math.min(64, Math.max(1, count))
}

function transportOf(settings: EffectiveSettings): 'auto' | 'tcp' | 'udp' {
  const word = wordSetting(settings, 'transfer_transport')
  return word === 'tcp' || word === 'udp' ? word : 'auto'
}

/** The speed limit in bytes a second; -1 is none. MB are 1,000,000 bytes. */
export function rateOf(settings: EffectiveSettings): number {
  const limit = numberSetting(settings, 'transfer_speedlimit')
  return limit <= 0 ? -1 : Math.max(1, Math.round(limit * 1e6))
}

/** What data travels over, for the log. */
export function describeLine(line: Line | undefined): string {
  if (line === undefined) return 'a line that is not named'
  const { transport, connections, roundTrip } = line
  const count = connections === 1 ? '1 TCP connection' : `${connections} TCP connections`
  const far =
    roundTrip === null
      ? ''
      : `, round trip ${roundTrip < 10 ? roundTrip.toFixed(1) : Math.round(roundTrip)} ms`
  return `${transport === 'udp' ? 'UDP datagrams' : count}${far}`
}

function rank({ type }: Client): number {
  const place = listens.indexOf(type)
  return place < 0 ? listens.length : place
}

async function readClient(db: Tx, id: string): Promise<Client> {
  const client = await db.selectFrom('client').selectAll().where('id', '=', id).executeTakeFirst()
  if (client === undefined) throw new WaybillError('agent_offline', 'One of the two clients was deleted')
  return client
}

export function addressesOf(client: Client): string[] {
  const list: unknown = JSON.parse(client.addresses)
  const addresses = Array.isArray(list) ? list.filter((address) => typeof address === 'string') : []
  return [...new Set([...addresses, ...(client.wan_ip === '' ? [] : [client.wan_ip])])]
}
