import { WaybillError } from '@waybill/api'
import { createTransport, machine } from '#transport'
import { readAnswer } from './wire/answer.js'
import { serverUrl } from './wire/connection.js'
import { isJson, type Json } from './wire/values.js'

/** A server, before anybody is logged in. */
export interface ServerOptions {
  readonly server: string
  /** SHA-256 of the server's certificate; without it any certificate is accepted (Node only). */
  readonly fingerprint?: string
  /** Name of the program, for the audit log. */
  readonly device?: string
  readonly timeoutMs?: number
}

export interface WebLogin {
  /** For `new Session({token, ...})`. */
  readonly token: string
  readonly email: string
  /** The workspace that was asked for, or the only one; null when there is a choice. */
  readonly workspace: string | null
  readonly workspaces: readonly string[]
}

export interface Invitation {
  readonly email: string
  readonly workspace: string
  /** Whether accepting sets the account's first password. */
  readonly opens: boolean
}

/** Logs in with a password. */
export async function loginWithPassword(
  options: ServerOptions,
  login: { readonly email: string; readonly password: string; readonly workspace?: string },
): Promise<WebLogin> {
  return readLogin(await post(options, 'login', { ...login }))
}

/** What the token of an invitation is for. */
export async function readInvitation(options: ServerOptions, token: string): Promise<Invitation> {
  const { email, workspace, opens } = await post(options, 'invitation', { token })
  return { email: String(email), workspace: String(workspace), opens: opens === true }
}

/** Accepts an invitation; null where that does not log in, since the account is in use already. */
export async function acceptInvitation(
  options: ServerOptions,
  token: string,
  password?: string,
): Promise<WebLogin | null> {
  const result = await post(options, 'accept', { token, ...(password === undefined ? {} : { password }) })
  return typeof result.token === 'string' ? readLogin(result) : null
}

function readLogin({ token, email, workspace, workspaces }: Json): WebLogin {
  if (typeof token !== 'string' || typeof email !== 'string')
    throw new WaybillError('internal', 'The server answered the login without a token.')
  const all: readonly unknown[] = Array.isArray(workspaces) ? workspaces : []
  return {
    token,
    email,
    workspace: typeof workspace === 'string' ? workspace : null,
    workspaces: all.flatMap((one) => (isJson(one) && typeof one.code === 'string' ? one.code : [])),
  }
}

async function post(options: ServerOptions, what: string, body: Json): Promise<Json> {
  const { server, fingerprint, device = 'waybill-sdk', timeoutMs = 60_000 } = options
  const transport = createTransport({ timeoutMs, ...(fingerprint === undefined ? {} : { fingerprint }) })
  try {
    const answer = await transport.send({
      method: 'POST',
      url: `${serverUrl(server)}/api/v3/web/${what}`,
      headers: {
        'X-Accsyn-Device': `${device} ${machine.platform} ${machine.hostname}`.replace(/[^\x20-\x7e]/g, '?'),
      },
      body: JSON.stringify(body),
    })
    const { result } = readAnswer(answer)
    return isJson(result) ? result : {}
  } finally {
    transport.close()
  }
}
