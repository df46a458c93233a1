import { newId, WaybillError } from '@waybill/api'
import type { CallContext } from '../../context.js'
import type { ShareTable } from '../../store/schema.js'
import type { Tx } from '../../store/store.js'
import { codeFor, madeCode } from '../engine/code.js'
import { jsonOf, madeBy, queueId, textOf } from '../engine/columns.js'
import type { Input } from '../operations.js'

export interface Own {
  readonly kind: ShareTable['kind']
  readonly parent: string | null
  readonly path: string
  readonly user?: string | null
  /** What a code is made from when neither code nor name was given. */
  readonly nameless: string
}

/** Writes the row of a new folder, home or collection; answers with its id. */
export async function insertShare(tx: Tx, ctx: CallContext, input: Input, own: Own): Promise<string> {
  const id = newId(ctx.now)
  const code = await freeCode(tx, own, input)
  await tx
    .insertInto('share')
    .values({
      id,
      workspace: ctx.workspace.id,
      code,
      name: textOf(input, 'name') || own.nameless || code,
      description: textOf(input, 'description'),
      metadata: jsonOf(input, 'metadata'),
      kind: own.kind,
      parent: own.parent,
      is_default: 0,
      path: own.path,
      paths: null,
      user: own.user ?? null,
      queue: await queueId(tx, input.queue),
      email: '',
      status: input.status === 'disabled' ? 'disabled' : 'enabled',
      inactive: 0,
      ...madeBy(ctx),
    })
    .execute()
  return id
}

/** A code that was given must be free; one that is made gets a number behind it until it is. */
async function freeCode(tx: Tx, { kind, nameless }: Own, input: Input): Promise<string> {
  if (textOf(input, 'code').trim() !== '') {
    const code = codeFor(kind, input.code, undefined)
    await demandFree(tx, code)
    return code
  }
  const made = madeCode(kind, textOf(input, 'name') || nameless)
  for (let number = 1; ; number += 1) {
    const code = number === 1 ? made : `${made.slice(0, 90)}-${number}`
    if (!(await isTaken(tx, code))) return code
  }
}

/** Refuses a code that another share has: codes are unique among shares of all kinds. */
export async function demandFree(tx: Tx, code: string, but?: string): Promise<void> {
  if (!(await isTaken(tx, code, but))) return
  throw new WaybillError(
    'duplicate',
    `The code ${code} is taken: volumes, folders, homes and collections share one set of codes`,
  )
}

async function isTaken(tx: Tx, code: string, but = ''): Promise<boolean> {
  const row = await tx
    .selectFrom('share')
    .select('id')
    .where('code', '=', code)
    .where('id', '<>', but)
    .executeTakeFirst()
  return row !== undefined
}
