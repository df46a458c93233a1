// @ts-check
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, ControlPlane, killAllProcesses, makeFile, tempDirectory } from '@waybill/testkit'
import { spread } from '../../measure/numbers.js'
import { Caller, throughput, timesOf } from './calls.js'
import { multiplyJob } from './crowd.js'
import { evaluationTimes } from './rights.js'

/** Far above what anybody measures here: the limits are another matter. */
const unlimited = ['--limit', 'request_rate=1000000', '--limit', 'request_burst=1000000']

/**
 * Calls of the API on SQLite: finding among many jobs, listing a large directory, deciding by many ACLs.
 * @param {{ jobs: number, entries: number, acls: number, tries: number, seconds: number }} load
 */
export async function api(load) {
  const work = tempDirectory('bench')
  const data = `${work}/waybill`
  const plane = await ControlPlane.start({ data, args: unlimited })
  await Agent.start({ plane, name: 'desk' })
  const template = await pausedJob(plane, work)
  const vendor = await vendorWithAcls(plane, load.acls)
  makeEntries(`${plane.storage}/large`, load.entries)
  await plane.stop()
  await multiplyJob(data, template, load.jobs)
  await plane.restart()

  const admin = { ...plane.admin.access, url: plane.url }
  const rows = [
    ...(await finding(new Caller(admin, { keep: 1 }), load)),
    ...(await listing(new Caller(admin, { keep: 1 }), load)),
    ...(await granting(new Caller({ ...vendor, url: plane.url }, { keep: 1 }), load)),
    ...(await requesting(admin, load)),
  ]
  await plane.stop()
  rows.push(...(await evaluationTimes(data, vendor.user, load)).map((one) => asRow(one)))
  await killAllProcesses()
  rmSync(work, { recursive: true, force: true })
  return {
    title: `The API: ${load.jobs} live jobs, ${load.entries} entries, ${load.acls} ACLs, ${load.tries} tries`,
    columns: ['', 'median ms', '95 % ms', 'a second'],
    rows,
  }
}

/** @param {ControlPlane} plane @param {string} work */
async function pausedJob(plane, work) {
  await makeFile(`${plane.storage}/source.bin`, 1000)
  const { id } = await plane.admin.create('transfer', {
    source: 'volume=storage/source.bin',
    destination: `${work}/target.bin`,
    status: 'paused',
    metadata: { shot: 'SH000000' },
  })
  return id
}

/** @param {ControlPlane} plane @param {number} acls */
async function vendorWithAcls(plane, acls) {
  const vendor = await plane.addUser('vendor@example.com', 'standard')
  const [volume] = await plane.admin.find('volume', 'code=storage')
  const { id: user } = await vendor.login()
  for (let index = 0; index < acls; index += 1) {
    const path = `shows/show${index}`
    mkdirSync(`${plane.storage}/${path}/in/today`, { recursive: true })
    const folder = await plane.admin.create('folder', { name: `Show ${index}`, parent: volume?.id, path })
    await plane.admin.create('acl', {
      entity: `user:${user}`,
      target: `share:${folder.id}`,
      path: index % 2 === 0 ? '/' : '/in',
      read: true,
      write: index % 3 === 0,
    })
  }
  return vendor.access
}

/** @param {string} directory @param {number} entries */
function makeEntries(directory, entries) {
  mkdirSync(directory)
  for (let index = 0; index < entries; index += 1)
    writeFileSync(`${directory}/frame.${String(index).padStart(6, '0')}.exr`, '')
}

/** @param {Caller} caller @param {{ tries: number }} load */
async function finding(caller, { tries }) {
  /** @type {[string, string | undefined][]} */
  const queries = [
    ['the first 50 of all', undefined],
    ['50 of a user', `user=${caller.access.user}`],
    ['50 of a status, source and queue', 'status=paused and source=hq and parent=medium'],
    ['50 by a part of the name', 'name=sh05*'],
    ['50 by metadata', 'metadata.batch=70'],
    ['one by its name', 'name=sh090000'],
    ['nothing, having looked at all', 'metadata.shot=nobody'],
  ]
  const rows = []
  for (const [title, query] of queries) {
    const fields = { ...(query === undefined ? {} : { query }), data: { limit: 50 } }
    rows.push(asRow([`find: ${title}`, await timesOf(tries, () => caller.get('transfer/find', fields))]))
  }
  caller.close()
  return rows
}

/** @param {Caller} caller @param {{ entries: number, tries: number }} load */
async function listing(caller, { entries, tries }) {
  const data = { op: 'ls', path: 'volume=storage/large' }
  const found = await caller.get('workspace/file', { data })
  if (found.length !== entries) throw new Error(`${found.length} of ${entries} entries were listed`)
  const times = await timesOf(Math.ceil(tries / 4), () => caller.get('workspace/file', { data }))
  caller.close()
  return [asRow([`ls of ${entries} entries, through the agent`, times])]
}

/** @param {Caller} caller @param {{ acls: number, tries: number }} load */
async function granting(caller, { acls, tries }) {
  const folders = await timesOf(tries, () => caller.get('folder/find', { data: {} }))
  const allowed = (/** @type {number} */ index) => `folder=show-${index % acls}/in`
  const look = (/** @type {number} */ index) =>
    caller.get('workspace/file', { data: { op: 'ls', path: allowed(index) } })
  const looks = await timesOf(tries, look)
  caller.close()
  return [
    asRow([`find of all folders by a user with ${acls} ACLs`, folders]),
    asRow([`ls of a directory with one entry by the same user`, looks]),
  ]
}

/** @param {import('./calls.js').WireAccess} access @param {{ seconds: number }} load */
async function requesting(access, { seconds }) {
  const first = new Caller(access)
  const ids = (await first.get('transfer/find', { data: { limit: 1000, attributes: ['id'] } })).map(
    (/** @type {{ id: string }} */ job) => job.id,
  )
  const rows = []
  for (const [title, keep] of /** @type {const} */ ([
    ['kept connections', true],
    ['a new connection each time', false],
  ])) {
    for (const callers of [1, 8]) {
      const caller = new Caller(access, { keep: keep ? callers : 0 })
      const call = (/** @type {number} */ index) =>
        caller.get('transfer/find', {
          query: `id=${ids[index % ids.length]}`,
          data: { single_entity_query: true },
        })
      await timesOf(20, call)
      const { perSecond, times } = await throughput({ callers, seconds, call })
      caller.close()
      rows.push(asRow([`find_one by id, ${callers} at a time, ${title}`, times], perSecond))
    }
  }
  first.close()
  return rows
}

/** @param {[string, number[]]} measured @param {number} [perSecond] */
function asRow([title, times], perSecond) {
  const { median, p95 } = spread(times)
  const digits = median < 0.1 ? 4 : median < 10 ? 2 : 0
  return [
    title,
    median.toFixed(digits),
    p95.toFixed(digits),
    perSecond === undefined ? '' : Math.round(perSecond),
  ]
}
