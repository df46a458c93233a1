import { WaybillError } from '@waybill/api'
import { isRecord } from '../../entities/engine/input.js'
import { type Holder, holderOf } from '../../entities/settings/holder.js'
import { changeSettings, readBelow, readSettings } from '../../entities/settings/settings.js'
import type { Answer, Call, Route } from './route.js'

/**
 * Settings of the workspace, of the entity that `entitytype` and the id name, or of the share that `share` names
 * by id or code.
 */
export const settingRoutes: readonly Route[] = [
  {
    method: 'GET',
    uri: 'setting',
    about:
      'Reads one setting by its `name`, or all of them; `upstream: false` leaves out what is inherited, `omit_defaults` what nobody set; with `recursive`, `below` lists what is set further down',
    answer: 'value, or object of values by name',
    example: { id: '$transfer', data: { entitytype: 'transfer', name: 'transfer_mode' } },
    run: get,
  },
  {
    method: 'PUT',
    uri: 'setting',
    about:
      'Sets a setting by `name` and `value`, or several at once as the object `data`, where null takes one back; with `recursive`, what lies below loses its own',
    answer: '`true`',
    example: {
      id: '$transfer',
      data: { entitytype: 'transfer', name: 'transfer_speedlimit', value: '10' },
    },
    run: put,
  },
  {
    method: 'DELETE',
    uri: 'setting',
    about:
      'Takes a setting back, so that what it overruled is in force again; with `recursive`, also further down',
    answer: '`true`',
    example: { id: '$transfer', data: { entitytype: 'transfer', name: 'transfer_speedlimit' } },
    run: remove,
  },
]

async function get(call: Call): Promise<Answer> {
  const { ctx, fields } = call
  const holder = await target(call, false)
  const values = await readSettings(ctx, holder, {
    inherited: !fields.isFalse('upstream'),
    defaults: !fields.isTrue('omit_defaults'),
  })
  const name = fields.text('name')
  const result = name === undefined || name === '' ? Object.fromEntries(values) : (values.get(name) ?? null)
  if (!fields.isTrue('recursive')) return { result }
  const below = await readBelow(ctx, holder)
  return { body: { result, below: below.filter((each) => name === undefined || each.name === name) } }
}

async function put(call: Call): Promise<Answer> {
  const { fields } = call
  const set = new Map<string, string>()
  const remove: string[] = []
  const several = fields.raw('data')
  if (several !== undefined && several !== '' && !isRecord(several)) {
    throw new WaybillError('bad_request', 'data has to be an object of names and values')
  }
  for (const [name, value] of Object.entries(isRecord(several) ? several : {})) {
    if (value === null) remove.push(name)
    else set.set(name, textOf(name, value))
  }
  const name = fields.text('name')
  if (name !== undefined && name !== '') set.set(name, textOf(name, fields.raw('value')))
  return await change(call, set, remove)
}

async function remove(call: Call): Promise<Answer> {
  const name = call.fields.text('name')
  return await change(call, new Map(), name === undefined || name === '' ? [] : [name])
}

async function change(
  call: Call,
  set: ReadonlyMap<string, string>,
  names: readonly string[],
): Promise<Answer> {
  const { ctx, deps, fields } = call
  const holder = await target(call, true)
  await changeSettings(ctx, holder, { set, remove: names, recursive: fields.isTrue('recursive') })
  deps.jobs.touched(ctx.workspace.id, holder)
  return { result: true }
}

function textOf(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new WaybillError('bad_request', `The value of ${name} has to be text`)
}

/** What the call is about; refused in the same words whether it is not there or not the caller's to see. */
async function target(call: Call, changes: boolean): Promise<Holder> {
  const { ctx, entities, fields, id } = call
  const integration = fields.text('integration')
  if (integration !== undefined && integration !== '') {
    throw new WaybillError('not_found', `There is no integration ${JSON.stringify(integration)}`)
  }
  const share = fields.text('share')
  const holder = await holderOf(ctx, {
    entitytype: fields.text('entitytype'),
    id: id ?? fields.text('id'),
    share,
  })
  if (holder.entitytype === 'workspace') return holder
  const { engine } = entities
  try {
    if (changes) await engine.demandChange(ctx, holder.entitytype, holder.id)
    else await engine.demand(ctx, holder.entitytype, holder.id)
  } catch (error) {
    if (share === undefined || share === '') throw error
    if (!(error instanceof WaybillError) || error.code !== 'not_found') throw error
    throw new WaybillError('not_found', `There is no share ${JSON.stringify(share)}`, { cause: error })
  }
  return holder
}
