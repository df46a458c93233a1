import { type Attribute, type EntityDefinition, entities, type Role, roles, rolesFor } from '@waybill/api'
import type { Example, Route } from '../routes/route.js'
import { routes } from '../routes/table.js'

/** The text of docs/api.md: every call and every entity, from the route table and the definitions. */
export function apiDocument(): string {
  const types = Object.values(entities)
  const parts = [
    preface,
    '## Calls',
    '',
    'ENTITY is any entity type, in any case of letters; `job` is an old name of `transfer`, `share` of `folder`.',
    'In the examples `<transfer>` is the id of a transfer, and so on.',
    '',
    ...grouped(routes).flatMap(callSection),
    '## Entities',
    '',
    `Roles: ${roles.map((role) => `**${role[0] ?? ''}** ${role}`).join(', ')}. Under *read*, *create* and *change* stand those who may; which`,
    'entities of a type somebody sees at all depends on access, parties and recipients.',
    '',
    ...types.flatMap(entitySection),
  ]
  return `${parts.join('\n').trimEnd()}\n`
}

const preface = `# The API

Written from the definitions; \`UPDATE_DOCS=1 npx vitest run --project unit document\` writes it anew.

Every call is one event: \`{uri, id, query, data, ...}\` to \`/api/v3/event\`, in the body of a POST or PUT, and
percent-encoded as the whole query string of a GET or DELETE. \`Authorization: basic <base64 email>:<base64 key>\`
and \`X-Accsyn-Workspace\` say who calls. Answers hold \`result\`, or \`message\` and \`code\` of what went wrong;
which codes there are, and their HTTP status, is in \`packages/api/src/errors.ts\`. Queries are described in
[queries.md](queries.md), limits in [settings.md](settings.md#the-endpoint).
`

/** Routes that do the same under several names, together. */
function grouped(all: readonly Route[]): readonly (readonly Route[])[] {
  const groups = new Map<string, Route[]>()
  for (const route of all) {
    const name = `${route.about} ${route.answer}`
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [route])
    else group.push(route)
  }
  return [...groups.values()].sort((a, b) => compare(a[0]?.uri ?? '', b[0]?.uri ?? ''))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function callSection(group: readonly Route[]): readonly string[] {
  const [first] = group
  if (first === undefined) return []
  const names = [...new Set(group.map(({ method, uri }) => `\`${method} ${uri}\``))]
  return [
    `### ${names.join(', ')}`,
    '',
    `${first.about}.`,
    `Answer: ${first.answer}.`,
    '',
    ...exampleOf(first),
  ]
}

function exampleOf({ method, uri, example }: Route): readonly string[] {
  const { id, query, data }: Example = example
  // A type that the example makes sense for.
  const type = uri.includes('activate') ? 'user' : uri.endsWith('/create') ? 'site' : 'transfer'
  const parts = { uri: uri.replace('ENTITY', type), id, query, data }
  const json = JSON.stringify(parts).replace(/\$(\w+)/g, (_, name: string) =>
    name === 'ENTITY' ? `<${type}>` : `<${name}>`,
  )
  return ['```', `${method} ${json}`, '```', '']
}

function entitySection(definition: EntityDefinition): readonly string[] {
  const { type, description, visible, attributes } = definition
  return [
    `### ${type}`,
    '',
    `${description}. Seen by: ${visible.join(', ')}.`,
    '',
    '| attribute | type | read | create | change | what it is |',
    '| --- | --- | --- | --- | --- | --- |',
    ...Object.entries(attributes).map(([name, attribute]) => row(name, attribute, visible)),
    '',
  ]
}

function row(name: string, attribute: Attribute, visible: readonly Role[]): string {
  const who = (operation: 'read' | 'create' | 'update'): string =>
    rolesFor(attribute, operation)
      .filter((role) => visible.includes(role))
      .map((role) => role[0] ?? '')
      .join(' ')
  const unit = attribute.unit === undefined ? '' : ` (${attribute.unit})`
  const what = `${attribute.description}${unit}`.replaceAll('|', '\\|')
  return `| \`${name}\` | ${typeOf(attribute)} | ${who('read')} | ${who('create')} | ${who('update')} | ${what} |`
}

function typeOf({ type, writable }: Attribute): string {
  if (typeof type === 'string') return type
  if ('ref' in type) return `id of ${type.ref.join(', ')}`
  const values = type.oneOf.map((value) => `\`${value}\``).join(' ')
  return writable === undefined
    ? values
    : `${values}; written: ${writable.map((value) => `\`${value}\``).join(' ')}`
}
