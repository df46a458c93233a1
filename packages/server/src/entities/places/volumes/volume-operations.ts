import { newId, WaybillError } from '@waybill/api'
import type { AgentHub } from '../../../agents/hub.js'
import { noteChange } from '../../../audit/note-change.js'
import type { CallContext } from '../../../context.js'
import type { JobService } from '../../../jobs/service.js'
import type { Tx } from '../../../store/store.js'
import { demandAdmin } from '../../authority.js'
import { codeFor } from '../../engine/code.js'
import { changedBy, describedColumns, flag, jsonOf, madeBy, queueId, textOf } from '../../engine/columns.js'
import type { Input } from '../../operations.js'
import { removeSettingsOf } from '../../settings/below.js'
import { demandFree } from '../new-share.js'
import { codeColumn, type ShareOperations, setAside } from '../share-operations.js'
import {
  assignServer,
  findServer,
  mainServerOf,
  resolveRoot,
  type ServingClient,
  serversOf,
  type VolumePaths,
} from './serving.js'
import { mergePaths, readPaths } from './volume-paths.js'

export interface VolumeOperations extends ShareOperations {
  /** Makes a server serve a volume at its site, and no longer serve it. */
  assign(ctx: CallContext, id: string, client: unknown): Promise<void>
  release(ctx: CallContext, id: string, client: unknown): Promise<void>
}

export function volumeOperations({
  jobs,
  hub,
}: {
  readonly jobs: JobService
  readonly hub: AgentHub
}): VolumeOperations {
  return {
    async create(ctx, input) {
      demandAdmin(ctx.caller, 'Creating volumes')
      if (input.parent !== undefined) throw new WaybillError('bad_request', 'A volume lies beneath nothing')
      const code = codeFor('volume', input.code, input.name)
      const where = mergePaths({ path: '', paths: {} }, input)
      const server = input.server === undefined ? undefined : await findServer(ctx.store.db, input.server)
      const path = server === undefined ? where.path : await resolveRoot(hub, server, where)
      const id = newId(ctx.now)
      await ctx.store.transaction(async (tx) => {
        await demandFree(tx, code)
        if (input.default === true) await clearDefault(tx)
        await tx
          .insertInto('share')
          .values({
            id,
            workspace: ctx.workspace.id,
            code,
            name: textOf(input, 'name') || code,
            description: textOf(input, 'description'),
            metadata: jsonOf(input, 'metadata'),
            kind: 'volume',
            parent: null,
            is_default: flag(input.default),
            path,
            paths: JSON.stringify(where.paths),
            user: null,
            queue: await queueId(tx, input.queue),
            email: '',
            status: input.status === 'disabled' ? 'disabled' : 'enabled',
            inactive: 0,
            ...madeBy(ctx),
          })
          .execute()
        if (server !== undefined) await assignServer(tx, ctx, id, server, path)
        await noteChange(tx, ctx, { entitytype: 'volume', id, change: 'created', details: input })
      })
      return { ids: [id] }
    },

    async update(ctx, id, changes) {
      demandAdmin(ctx.caller, 'Changing volumes')
      const volume = await readVolume(ctx.store.db, id)
      if (changes.default === false && volume.is_default === 1) {
        throw new WaybillError(
          'bad_request',
          'One volume is the default: make another one the default instead',
        )
      }
      const where = mergePaths(readPaths(volume), changes)
      const server = await serverAfter(ctx, id, changes)
      const path = server === undefined ? where.path : await resolveRoot(hub, server, where)
      const elsewhere = changes.path !== undefined || changes.paths !== undefined
      const moves = elsewhere || server !== undefined
      const others = elsewhere ? await rootsOfOthers(ctx, hub, id, where, server) : []
      await ctx.store.transaction(async (tx) => {
        if (changes.default === true) await clearDefault(tx)
        const { status } = changes
        await tx
          .updateTable('share')
          .set({
            ...describedColumns(changes),
            ...(await codeColumn(tx, { id, kind: 'volume' }, changes)),
            ...(changes.default === true ? { is_default: 1 as const } : {}),
            ...(changes.queue === undefined ? {} : { queue: await queueId(tx, changes.queue) }),
            ...(status === 'enabled' || status === 'disabled' ? { status } : {}),
            // Only then: another edit at the same time must not be undone.
            ...(moves ? { path, paths: JSON.stringify(where.paths) } : {}),
            ...changedBy(ctx),
          })
          .where('id', '=', id)
          .execute()
        if (server !== undefined) await assignServer(tx, ctx, id, server, path)
        for (const [other, root] of others) await assignServer(tx, ctx, id, other, root)
        await noteChange(tx, ctx, { entitytype: 'volume', id, change: 'changed', details: changes })
      })
    },

    async remove(ctx, id) {
      demandAdmin(ctx.caller, 'Deleting volumes')
      const volume = await readVolume(ctx.store.db, id)
      refuseDefault(volume, 'deleted')
      await jobs.abortJobsOf(ctx, { entitytype: 'volume', id }, `The volume ${volume.code} was deleted`)
      await ctx.store.transaction(async (tx) => {
        refuseDefault(await readVolume(tx, id), 'deleted')
        // Their ACLs and servers go along with them; files stay.
        await removeSettingsOf(tx, { entitytype: 'volume', id })
        await tx.deleteFrom('share').where('parent', '=', id).execute()
        await tx.deleteFrom('share').where('id', '=', id).execute()
        await noteChange(tx, ctx, {
          entitytype: 'volume',
          id,
          change: 'deleted',
          details: { code: volume.code },
        })
      })
      // Those that were made in between; from now on none can be.
      await jobs.abortJobsOf(ctx, { entitytype: 'volume', id }, `The volume ${volume.code} was deleted`)
    },

    async setInactive(ctx, id, inactive) {
      demandAdmin(ctx.caller, inactive ? 'Deactivating volumes' : 'Activating volumes')
      await ctx.store.transaction(async (tx) => {
        if (inactive) refuseDefault(await readVolume(tx, id), 'deactivated')
        await setAside(tx, ctx, 'volume', id, inactive)
      })
    },

    async assign(ctx, id, client) {
      demandAdmin(ctx.caller, 'Assigning servers')
      const server = await findServer(ctx.store.db, client)
      const path = await resolveRoot(hub, server, readPaths(await readVolume(ctx.store.db, id)))
      await ctx.store.transaction(async (tx) => {
        await assignServer(tx, ctx, id, server, path)
        const note = {
          entitytype: 'volume',
          id,
          as: 'server assigned',
          details: { client: server.id },
        } as const
        await noteChange(tx, ctx, { ...note, change: 'changed' })
      })
    },

    async release(ctx, id, client) {
      demandAdmin(ctx.caller, 'Assigning servers')
      const server = await findServer(ctx.store.db, client)
      await ctx.store.transaction(async (tx) => {
        const { numDeletedRows } = await tx
          .deleteFrom('share_server')
          .where('share', '=', id)
          .where('client', '=', server.id)
          .executeTakeFirst()
        if (numDeletedRows === 0n)
          throw new WaybillError('not_found', `${server.code} does not serve this volume`)
        // Or it would take it on again when it connects.
        await tx.updateTable('share').set({ claimable: 0 }).where('id', '=', id).execute()
        const note = {
          entitytype: 'volume',
          id,
          as: 'server released',
          details: { client: server.id },
        } as const
        await noteChange(tx, ctx, { ...note, change: 'changed' })
      })
    },
  }
}

async function readVolume(tx: Tx, id: string) {
  const volume = await tx
    .selectFrom('share')
    .select(['id', 'code', 'path', 'paths', 'is_default'])
    .where('id', '=', id)
    .where('kind', '=', 'volume')
    .executeTakeFirst()
  if (volume === undefined) throw new WaybillError('not_found', `There is no volume with the id ${id}`)
  return volume
}

function refuseDefault(volume: { readonly code: string; readonly is_default: number }, done: string): void {
  if (volume.is_default === 0) return
  throw new WaybillError(
    'conflict',
    `${volume.code} is the default volume and cannot be ${done}; make another one the default first`,
  )
}

/** Exactly one is the default: the one before makes way. */
async function clearDefault(tx: Tx): Promise<void> {
  await tx
    .updateTable('share')
    .set({ is_default: 0 })
    .where('kind', '=', 'volume')
    .where('is_default', '=', 1)
    .execute()
}

/** Where a volume that moves lies on the machines of its servers at other sites: each of them has to say so. */
async function rootsOfOthers(
  ctx: CallContext,
  hub: AgentHub,
  id: string,
  where: VolumePaths,
  main: ServingClient | undefined,
): Promise<readonly (readonly [ServingClient, string])[]> {
  const servers = (await serversOf(ctx.store.db, id)).filter(({ site }) => site !== main?.site)
  return await Promise.all(
    servers.map(async (server) => [server, await resolveRoot(hub, server, where)] as const),
  )
}

/** The server that has to look where the volume lies now: a new one, or the present one of a volume that moves. */
async function serverAfter(ctx: CallContext, id: string, changes: Input): Promise<ServingClient | undefined> {
  if (typeof changes.server === 'string') return await findServer(ctx.store.db, changes.server)
  const moves = changes.path !== undefined || changes.paths !== undefined
  return moves ? await mainServerOf(ctx.store.db, id) : undefined
}
