import { WaybillError } from '@waybill/api'
import { deleteSetting, holderOf, readSettings, writeSetting } from '../../entities/settings/settings.js'
import type { Answer, Call, Route } from './route.js'

/** Settings of the workspace, or of the entity that `entitytype` and the id name. */
export const settingRoutes: readonly Route[] = [
  {
    method: 'GET',
    uri: 'setting',
    about: 'Reads one setting by its `name`, or all of them; `upstream: false` leaves out what is inherited',
    answer: 'value, or object of values by name',
    example: { id: '$transfer', data: { entitytype: 'transfer', name: 'transfer_mode' } },
    run: get,
  },
  {
    method: 'PUT',
    uri: 'setting',
    about: 'Sets a setting',
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
    about: 'Takes a setting back, so that what it overruled is in force again',
    answer: '`true`',
    example: { id: '$transfer', data: { entitytype: 'transfer', name: 'transfer_speedlimit' } },
    run: remove,
  },
]

async function get(call: Call): Promise<Answer> {
  const { ctx, fields } = call
  const holder = await target(call, false)
  const values = await readSettings(ctx, holder, {
    inherited: !fields.isFalse('upstream') && !fields.isFalse('recursive'),
    defaults: !fields.isTrue('omit_defaults'),
  })
  const name = fields.text('name')
  return { result: name === undefined ? Object.fromEntries(values) : (values.get(name) ?? null) }
}

async function put(call: Call): Promise<Answer> {
  const { ctx, fields } = call
  const holder = await target(call)
  const value = fields.raw('value')
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    throw new WaybillError('bad_request', 'The value of a setting has to be text')
  }
  await writeSetting(ctx, holder, nameOf(call), String(value))
  tell(call, holder)
  return { result: true }
}

async function remove(call: Call): Promise<Answer> {
  const holder = await target(call)
  await deleteSetting(call.ctx, holder, nameOf(call))
  tell(call, holder)
  return { result: true }
}

function nameOf({ fields }: Call): string {
  const name = fields.text('name')
  if (name !== undefined && /^[\w.-]{1,100}$/.test(name)) return name
  throw new WaybillError('bad_request', 'Which setting? Give its name')
}

async function target({ ctx, entities, fields, id }: Call, changes = true) {
  const holder = await holderOf(
    ctx,
    fields.text('entitytype'),
    id ?? fields.text('id') ?? fields.text('share'),
  )
  const { entitytype, id: of } = holder
  if (entitytype === 'workspace') return holder
  await (changes
    ? entities.engine.demandChange(ctx, entitytype, of)
    : entities.engine.demand(ctx, entitytype, of))
  return holder
}

function tell(
  { ctx, deps }: Call,
  { entitytype, id }: { readonly entitytype: string; readonly id: string },
): void {
  deps.jobs.touched(ctx.workspace.id, { entitytype, id })
}
