import { defaultOptions, newId, type SettingName, settings } from '@waybill/api'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bootstrap } from '../access/bootstrap.js'
import type { WorkspaceStore } from '../store/store.js'
import { createSqlite, type TestDatabase } from '../store/testing.js'
import {
  effectiveSettings,
  inherit,
  numberSetting,
  queuesAbove,
  switchSetting,
  taskSettings,
  wordSetting,
} from './effective-settings.js'
import { blankJob } from './lifecycle/blank-job.js'
import { agentFilters, copyWords } from './task-options.js'

let database: TestDatabase
let store: WorkspaceStore
const now = Date.UTC(2026, 0, 22)

beforeAll(async () => {
  database = await createSqlite()
  const { workspace } = await bootstrap(database.store, { admin: 'a@b.se', volumePath: '/srv', now })
  store = database.store.workspace(workspace)
  const common = {
    ...blankJob,
    workspace,
    created: now,
    creator: '',
    modified: now,
    modifier: '',
    position: 0,
  }
  for (const [id, parent] of [
    ['top', null],
    ['middle', 'top'],
    ['low', 'middle'],
    ['ring', 'ring'],
  ] as const) {
    await store.db
      .insertInto('job')
      .values({
        ...common,
        kind: 'queue',
        id,
        parent,
        code: `q-${id}`,
        name: id,
        status: 'waiting',
        population: 'live',
      })
      .execute()
  }
})
beforeEach(async () => {
  await store.db.deleteFrom('setting').execute()
})
afterAll(async () => {
  await database.drop()
})

async function give(entity: string, values: Partial<Record<SettingName, string>>): Promise<void> {
  for (const [name, value] of Object.entries(values)) {
    const row = { id: newId(now), workspace: store.id, entitytype: 'any', entity, name, value }
    await store.db.insertInto('setting').values(row).execute()
  }
}

const task = (id: string, source: object, destination: object) => ({
  id,
  source: JSON.stringify(source),
  destination: JSON.stringify(destination),
})

/** From the farthest to the nearest, for a task from share S on volume V to volume W. */
const chain = (workspace: string) => [workspace, 'V', 'S', 'W', 'top', 'middle', 'low', 'job', 'task']

describe('settings of a task', () => {
  it('come from whatever is nearest, as a slow look through all says', async () => {
    const names = ['transfer_mode', 'transfer_exclude', 'job_on_missing'] as const
    const value = fc.constantFrom('', 'a', 'b', 'c')
    const layer = fc.record(
      { transfer_mode: value, transfer_exclude: value, job_on_missing: value },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(layer, { minLength: 9, maxLength: 9 }), async (layers) => {
        await store.db.deleteFrom('setting').execute()
        const order = chain(store.id)
        for (const [i, values] of layers.entries()) await give(order[i] ?? '', values)
        const mine = task('task', { v: 'V', s: 'S', path: 'x' }, { v: 'W', path: 'y' })
        const other = task('other', { client: 'c', path: '/x' }, { client: 'd', path: '/y' })
        const of = await taskSettings(store.db, store.id, { id: 'job', parent: 'low' }, [mine, other])
        const slow = (name: SettingName, places: readonly string[]) => {
          for (const place of [...places].reverse()) {
            const found = layers[order.indexOf(place)]?.[name as (typeof names)[number]]
            if (found !== undefined) return found
          }
          return settings[name].default
        }
        const noShares = order.filter((place) => !['V', 'S', 'W', 'task'].includes(place))
        const ofJob = await effectiveSettings(store.db, store.id, { id: 'job', parent: 'low' })
        for (const name of names) {
          expect(of(mine)[name]).toBe(slow(name, order))
          expect(of(other)[name]).toBe(slow(name, noShares))
          expect(ofJob[name]).toBe(slow(name, noShares))
        }
      }),
      { numRuns: 40 },
    )
  })

  it('are one answer for tasks with nothing of their own, and few questions for thousands', async () => {
    await give('t7', { transfer_mode: 'onewaysync' })
    const tasks = Array.from({ length: 1200 }, (_, i) => task(`t${i}`, { v: 'V' }, { v: 'W' }))
    const of = await taskSettings(store.db, store.id, { id: 'job', parent: 'top' }, tasks)
    const answers = new Set(tasks.map(of))
    expect(answers.size).toBe(2)
    expect(tasks.map((each) => of(each).transfer_mode).indexOf('onewaysync')).toBe(7)
  })

  it('survive a ring of queues', async () => {
    expect(await queuesAbove(store.db, 'ring')).toEqual(['ring'])
    expect(await queuesAbove(store.db, 'gone')).toEqual(['gone'])
    expect(await queuesAbove(store.db, 'low')).toEqual(['top', 'middle', 'low'])
  })
})

const given = (values: Partial<Record<SettingName, string>>) =>
  inherit(new Map([['x', new Map(Object.entries(values))]]), ['x'])

describe('values', () => {
  it('that make no sense count as the default', () => {
    const odd = given({
      transfer_mode: 'sideways',
      transfer_resume: 'perhaps',
      task_bucketsize: '',
      job_max_retries: 'many',
    })
    expect(wordSetting(odd, 'transfer_mode')).toBe('copy')
    expect(switchSetting(odd, 'transfer_resume')).toBe(true)
    expect(numberSetting(odd, 'task_bucketsize')).toBe(500)
    expect(numberSetting(odd, 'job_max_retries')).toBe(10)
  })

  it.each<[Partial<Record<SettingName, string>>, object | undefined]>([
    [{}, undefined],
    [{ transfer_mode: 'copy', transfer_attributes: 'permissions, times', transfer_resume: 'yes' }, undefined],
    [{ transfer_mode: 'sideways', transfer_reserved_space: 'lots' }, undefined],
    [{ transfer_mode: ' OneWaySync' }, { mode: 'onewaysync' }],
    [{ transfer_comparison: 'newer' }, { comparison: 'newer' }],
    [{ transfer_delta: 'never' }, { delta: 'never' }],
    [{ transfer_ignore_existing: 'file' }, { ignoreExisting: true }],
    [{ transfer_resume: 'off', transfer_resume_min_size: '20' }, { resumeFrom: null }],
    [{ transfer_resume_min_size: '1.5' }, { resumeFrom: 1_500_000 }],
    [{ transfer_trash: 'none', transfer_trash_days: '7' }, { trash: { kind: 'none' } }],
    [{ transfer_trash_days: '-1' }, { trash: { kind: 'forever' } }],
    [
      { transfer_trash_days: '2.5', transfer_settle_s: '60' },
      { trash: { kind: 'days', days: 2.5 }, settle: 60 },
    ],
    [{ transfer_trash_days: 'soon', transfer_trash: 'maybe' }, undefined],
    [{ transfer_attributes: '' }, { attributes: [] }],
    [{ transfer_attributes: 'owner,mode,times,acl' }, { attributes: ['times', 'mode', 'owner'] }],
    [{ transfer_reserved_space: '10%' }, { reserve: { kind: 'part', part: 0.1 } }],
    [{ transfer_reserved_space: '5' }, { reserve: { kind: 'bytes', bytes: 5_000_000 } }],
  ])('%j are told to agents as %j', (values, options) => {
    expect(copyWords(given(values)).options).toEqual(options)
    const days = Number(settings.transfer_trash_days.default)
    expect(defaultOptions.trash).toEqual({ kind: 'days', days })
    expect(defaultOptions.resumeFrom).toBe(Number(settings.transfer_resume_min_size.default) * 1e6)
  })

  it.each([
    ['*.tmp,cache', '*.tmp,cache'],
    ['a\\,b', 'a\\,b'],
    ["re('^\\d+\\Z', 'I')", "re('\\A[\\p{Nd}]+\\z', 'I')"],
    [`re("it's")`, "re('it\\x27s')"],
    ["re('(?<=x)y')", "re('(?<=x)y')"],
  ])('filters %s are told as %s', (text, told) => {
    expect(agentFilters(text)).toBe(told)
  })
})
