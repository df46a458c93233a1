import {
  type Comparison,
  fold,
  isAnything,
  matchesWildcard,
  type PositiveOperator,
  splitOperator,
  type Value,
  valuesOf,
} from '@waybill/api'
import { type Expression, sql } from 'kysely'
import type { CompileContext } from './binding.js'
import { join, type Test } from './logic.js'
import { compileNames, compileReference, type Named, select } from './references.js'
import { compileRegex } from './regex/engine.js'
import type { TextSql } from './text-sql.js'

const users: Named = { table: 'user', types: ['user'] }
const sites: Named = { table: 'site', types: ['site'] }

/**
 * A comparison, in the positive form of its operator, with a party. A user is known by id and email, a site by
 * id and code, and the workspace by `hq`, its own id and code, and everything that names its main site; each
 * also after `user:`, `site:`, `workspace:`.
 */
export function compileParty(
  comparison: Comparison,
  type: Expression<unknown>,
  id: Expression<unknown>,
  text: TextSql,
  context: CompileContext,
): Test {
  const { positive } = splitOperator(comparison.operator)
  const anything = positive === '=' && valuesOf(comparison).some((value) => isAnything(value.text))
  if (anything) return sql`${type} is not null`
  const mainSite = join('and', [sql`named.main = 1`, compileNames(comparison, sites, text)])
  const isWorkspace = namesWorkspace(comparison, context)
    ? sql`1 = 1`
    : sql`exists ${select(sites, mainSite)}`
  return join('or', [
    sql`(${type} = 'user' and ${compileReference(comparison, id, users, text)})`,
    sql`(${type} = 'site' and ${compileReference(comparison, id, sites, text)})`,
    sql`(${type} = 'workspace' and ${isWorkspace})`,
  ])
}

/** Whether the workspace's own names, which are known beforehand, satisfy the comparison. */
function namesWorkspace(comparison: Comparison, { workspace }: CompileContext): boolean {
  const { positive } = splitOperator(comparison.operator)
  const own = ['hq', workspace.code, workspace.id]
  const names = [...own, ...own.map((name) => `workspace:${name}`)]
  return valuesOf(comparison).some((value) => names.some((name) => satisfies(name, positive, value)))
}

function satisfies(name: string, operator: PositiveOperator, value: Value): boolean {
  switch (operator) {
    case '=':
      return matchesWildcard(name, value.text)
    case 'in':
      return fold(name) === fold(value.text)
    case 'contains':
      return fold(name).includes(fold(value.text))
    case 'matches':
      return compileRegex(value).test(name)
    default:
      return false
  }
}
