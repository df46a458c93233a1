import { formatDate, WaybillError } from '@waybill/api'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import * as v from 'valibot'
import { Invitations } from '../../access/web/accept.js'
import type { LoggedIn } from '../../access/web/login.js'
import { type Place, purgeSessions } from '../../access/web/sessions.js'
import { plainAddress } from '../../agents/addresses.js'
import type { ServerDeps } from '../deps.js'
import { acceptPage } from './accept-page.js'

const token = v.pipe(v.string(), v.trim(), v.regex(/^[\w-]{1,200}$/, 'token: it is not whole'))
const loginBody = v.object({
  email: v.string(),
  password: v.string(),
  workspace: v.nullish(v.string()),
})
const acceptBody = v.object({ token, password: v.nullish(v.string()) })
const lookBody = v.object({ token })
/** Whoever asks is nobody yet. Bytes. */
const bodyLimit = 16_384

/**
 * What people do before they have a session: log in with a password, and accept invitations. The bodies are JSON
 * as those of the wire are, and so are the answers.
 */
export function addWebEndpoints(app: FastifyInstance, { store, clock, authenticator }: ServerDeps): void {
  const login = authenticator.web
  const invitations = new Invitations(store, login)
  const placeOf = (request: FastifyRequest): Place => ({ ...originOf(request), now: clock.now() })

  app.post('/api/v3/web/login', { bodyLimit }, async (request, reply) => {
    const { email, password, workspace } = read(loginBody, request.body)
    const asked = { email, password, workspace: workspace ?? undefined }
    return answer(reply, loginResult(await login.login(asked, placeOf(request))))
  })
  app.post('/api/v3/web/invitation', { bodyLimit }, async (request, reply) => {
    const asked = read(lookBody, request.body)
    return answer(reply, await invitations.look(asked.token, placeOf(request)))
  })
  app.post('/api/v3/web/accept', { bodyLimit }, async (request, reply) => {
    const { token: given, password } = read(acceptBody, request.body)
    const accepted = await invitations.accept(given, password ?? undefined, placeOf(request))
    const { email, workspace, opens } = accepted
    const opened = accepted.login === null ? { token: null } : loginResult(accepted.login)
    return answer(reply, { ...opened, email, workspace, opens })
  })
  app.get('/accept', (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header(
        'Content-Security-Policy',
        "default-src 'none'; connect-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'",
      )
      .header('Referrer-Policy', 'no-referrer')
      .send(acceptPage),
  )
  app.addHook('onReady', async () => await purgeSessions(store, clock.now()))
}

function answer(reply: FastifyReply, result: object): FastifyReply {
  return reply
    .type('application/json; charset=utf-8')
    .header('Cache-Control', 'no-store')
    .send(JSON.stringify({ result }))
}

/** As `api/login` answers, with the token and where else the account may go. */
function loginResult({ token: secret, expires, email, chosen, workspaces }: LoggedIn): object {
  return {
    token: secret,
    expires: formatDate(expires),
    email,
    id: chosen?.user ?? null,
    role: chosen?.role ?? null,
    session_id: chosen?.session ?? null,
    workspace: chosen?.workspace.code ?? null,
    workspaces: workspaces.map(({ role, workspace }) => ({
      code: workspace.code,
      name: workspace.name,
      role,
    })),
  }
}

function originOf(request: FastifyRequest): { readonly device: string; readonly address: string } {
  const header = request.headers['x-accsyn-device'] ?? request.headers['user-agent'] ?? ''
  return { device: String(header), address: plainAddress(request.ip) ?? request.ip }
}

function read<T>(schema: v.GenericSchema<unknown, T>, body: unknown): T {
  const parsed = v.safeParse(schema, body)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  const path = v.getDotPath(issue)
  throw new WaybillError('bad_request', path === null ? issue.message : `${path}: ${issue.message}`)
}
