// @ts-check
import { mkdirSync } from 'node:fs'
import { Agent, ControlPlane, launcher, waitForStatus } from '@waybill/testkit'
// Not for others to use, but the wire has whole seconds only.
import { openDatabase } from '../../packages/server/dist/store/sqlite/database.js'
import { loopback } from '../wan/host.js'
import { copying } from './commands.js'

/** What stands before a command so that it may not ask the kernel for what only administrators may have. */
export const withoutNetAdmin = ['setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin']

/**
 * Waybill as a program to compare: a control plane and an agent of its own at either end, every setting at its
 * default unless `settings` says otherwise. The control plane runs on this host, as does the sender `desk`; the
 * receiver `vault` runs on `host`.
 * @param {string} work a directory of ours
 * @param {{ host?: import('../wan/host.js').Host, near?: string, refused?: boolean,
 *   settings?: Record<string, string> }} [options] `near`: this host's address on the line; `refused`: without
 *   the right to administer the network
 */
export async function startWaybill(work, options = {}) {
  const { host = loopback, near = '127.0.0.1', refused = false, settings = {} } = options
  const directory = `${work}/waybill`
  mkdirSync(`${directory}/files`, { recursive: true })
  const plane = await ControlPlane.start({
    command: 'serve',
    data: `${directory}/data`,
    args: ['--host', '0.0.0.0'],
  })
  const { admin } = plane
  const server = `https://${near}:${plane.port}`
  const rights = refused ? withoutNetAdmin : []
  const common = { plane, server }
  const desk = await Agent.start({ ...common, name: 'desk', state: `${directory}/desk`, before: rights })
  const vault = await Agent.start({
    ...common,
    name: 'vault',
    type: 'userserver',
    state: `${directory}/vault`,
    before: [...host.command, ...rights],
  })
  /** Stops a job that is not worth its end. */
  const abort = async (/** @type {string} */ id) => {
    await admin.edit('transfer', id, { status: 'aborted' })
    await waitForStatus(admin, id, 'aborted')
  }
  const to = (/** @type {string} */ name) => `${directory}/files/${name}`
  return {
    plane,
    admin,
    desk,
    vault,
    directory: `${directory}/files`,
    /** Makes a job that copies `source` to `name`; answers with its id at once. */
    async begin(/** @type {string} */ source, /** @type {string} */ name) {
      const fields = { source: desk.at(source), destination: vault.at(to(name)), settings }
      return (await admin.create('transfer', fields)).id
    },
    /**
     * Waits until a job is done; answers with the seconds from `running` to `done`, as they stand in its row.
     * @param {string} id
     */
    async seconds(id) {
      await waitForStatus(admin, id, 'done', { timeoutMs: 3_600_000, everyMs: 100 })
      const database = await openDatabase(`${plane.data}/waybill.db`)
      try {
        const rows = database.prepare('SELECT finished - started AS ms FROM job WHERE id = ?').all(id)
        return Number(/** @type {{ ms: number }} */ (rows[0]).ms) / 1000
      } finally {
        database.close()
      }
    },
    abort,
    /**
     * The command `waybill transfer`, as somebody at a terminal runs it.
     * @type {import('./commands.js').Program}
     */
    command: {
      name: 'waybill transfer',
      directory: `${directory}/files`,
      groups: [desk.process.pid, vault.process.pid],
      copy(source, name) {
        const { workspace, user, api_key, fingerprint } = plane.credentials
        const access = ['--server', plane.url, '--workspace', workspace, '--user', user, '--api-key', api_key]
        const chosen = Object.entries(settings).flatMap(([key, value]) => ['--setting', `${key}=${value}`])
        const words = [launcher, 'transfer', desk.at(source), vault.at(to(name)), ...chosen]
        const began = copying(process.execPath, [...words, ...access, '--fingerprint', fingerprint], to(name))
        const live = () => admin.find('transfer')
        return {
          ...began,
          // The job outlives its command.
          async stop() {
            await began.stop()
            for (const { id } of await live()) await abort(id)
          },
          async arrived() {
            return (await live()).reduce((sum, { transferred }) => sum + Number(transferred), 0)
          },
        }
      },
    },
  }
}

/** @typedef {Awaited<ReturnType<typeof startWaybill>>} Waybill */
