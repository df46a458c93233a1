import { serverUrl } from '@waybill/sdk'
import { badInput } from '../exit.js'

/** Who acts, and against which server. */
export interface Credentials {
  readonly server: string
  readonly workspace: string
  readonly user: string
  readonly apiKey: string
  readonly fingerprint?: string
}

export type Partly = { readonly [K in keyof Credentials]?: Credentials[K] | undefined }

/** Where credentials may come from. A file is read only when it is needed. */
export interface Sources {
  readonly flags: Partly
  readonly env: Readonly<Record<string, string | undefined>>
  /** `DIR/credentials.json`, when --data was given. */
  readonly data: (() => Partly) | undefined
  readonly login: () => Partly | undefined
}

/**
 * Puts credentials together: flags go first; then, with `--data`, that installation's own file and nothing else;
 * otherwise the environment and then what `waybill login` kept. A kept key only ever goes to the server that
 * it was kept for, and only for its user. Throws bad input that lists the ways when something is missing.
 */
export function resolveCredentials(sources: Sources): Credentials {
  const { flags, env, data, login } = sources
  let found = present(flags)
  if (data !== undefined) found = under(found, data())
  else {
    found = { ...fromEnvironment(env), ...found }
    if (!complete(found)) found = under(found, login() ?? {})
  }
  if (complete(found)) return { ...found, server: serverUrl(found.server) }
  throw badInput(missing(found))
}

/** `lower` fills in what `upper` leaves open, unless they speak of different servers or users. */
function under(upper: Partly, lower: Partly): Partly {
  if (upper.server !== undefined && upper.server !== lower.server) {
    if (lower.server === undefined || serverUrl(upper.server) !== serverUrl(lower.server)) return upper
  }
  const { apiKey, ...open } = present(lower)
  const same = upper.user === undefined || upper.user === lower.user
  return { ...open, ...(same && apiKey !== undefined ? { apiKey } : {}), ...upper }
}

function fromEnvironment(env: Sources['env']): Partly {
  return present({
    server: env.WAYBILL_SERVER,
    workspace: env.WAYBILL_WORKSPACE ?? env.ACCSYN_WORKSPACE,
    user: env.WAYBILL_USER ?? env.ACCSYN_API_USER,
    apiKey: env.WAYBILL_API_KEY ?? env.ACCSYN_API_KEY,
    fingerprint: env.WAYBILL_FINGERPRINT,
  })
}

function present(partly: Partly): Partly {
  return Object.fromEntries(Object.entries(partly).filter(([, value]) => value !== undefined && value !== ''))
}

function complete(partly: Partly): partly is Credentials {
  return required.every((name) => partly[name] !== undefined)
}

const required = ['server', 'workspace', 'user', 'apiKey'] as const

const names = {
  server: 'the server (--server, WAYBILL_SERVER)',
  workspace: 'the workspace (--workspace, WAYBILL_WORKSPACE or ACCSYN_WORKSPACE)',
  user: 'the user (--user, WAYBILL_USER or ACCSYN_API_USER)',
  apiKey: 'the API key (--api-key, WAYBILL_API_KEY or ACCSYN_API_KEY)',
}

function missing(partly: Partly): string {
  const open = required.filter((name) => partly[name] === undefined).map((name) => `  ${names[name]}`)
  return [
    'these credentials are missing:',
    ...open,
    'Give them like that, or point to an installation on this machine with --data DIR,',
    'or keep them once with "waybill login".',
  ].join('\n')
}
