import { type Method, toWaybillError, WaybillError } from '@waybill/api'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import type { Authenticated } from '../access/authenticate.js'
import { purgeAudit } from '../audit/retention.js'
import type { ServerDeps } from './deps.js'
import { Events } from './events/event.js'
import { purgeSeenEvents } from './events/once.js'
import { readBody, readQueryString } from './events/payload.js'
import { failureOf } from './failure.js'
import { defaultLimits, type EndpointLimits } from './limits/limits.js'
import { Throttle } from './limits/throttle.js'
import { drain } from './network/drain.js'
import { startPage } from './page.js'
import { addWebEndpoints } from './web/endpoints.js'

const jsonType = 'application/json; charset=utf-8'
const purgeEvery = 3_600_000

/**
 * The wire endpoint as an application without listeners: `listen` puts it on the network, `inject` tests it.
 * Every answer below `/api` is JSON, failures included.
 */
export function createApp(deps: ServerDeps): FastifyInstance {
  const limits: EndpointLimits = { ...defaultLimits, ...deps.limits }
  const { logFault } = deps
  const app: FastifyInstance = Fastify({
    bodyLimit: limits.maxBody,
    // One line per call, with who called, is written below.
    logController: new LogController({ disableRequestLogging: true }),
    routerOptions: { querystringParser: () => ({}) },
    frameworkErrors: (error, _request, reply) => void sendFailure(reply, error, undefined, app.log),
    logger: logFault !== undefined && {
      level: 'error',
      stream: { write: (line) => logFault(line.trimEnd()) },
    },
  })
  const callers = new WeakMap<FastifyRequest, Authenticated>()
  readAnyBody(app)
  app.addHook('onRequest', (request, _reply, done) => done(tooLong(request, limits)))
  app.setNotFoundHandler((request, reply) => {
    const what = `${request.method} ${(request.url.split('?')[0] ?? '').slice(0, 200)}`
    sendFailure(reply, new WaybillError('unknown_uri', `There is nothing at ${what}`), undefined, app.log)
  })
  app.setErrorHandler(async (error, request, reply) => {
    // A client that is still sending would not see the answer.
    await drain(request.raw)
    return sendFailure(reply, error, callers.get(request), app.log)
  })
  const throttle = new Throttle(deps.store, limits)
  const authenticate = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const who = await identify(deps, request)
    callers.set(request, who)
    await throttle.pass(who, reply.raw)
  }
  const callerOf = (request: FastifyRequest): Authenticated => {
    const who = callers.get(request)
    if (who === undefined) throw new WaybillError('unauthenticated', 'Log in with an email and an API key')
    return who
  }
  addEndpoints(app, deps, authenticate, callerOf)
  addWebEndpoints(app, deps)
  keepTidy(app, deps)
  return app
}

/** Who calls. A good key that may do nothing here is no stranger's, either. */
async function identify(deps: ServerDeps, request: FastifyRequest): Promise<Authenticated> {
  const { authenticator, clock, strangers } = deps
  try {
    const who = await authenticator.authenticate(request.headers, request.ip, clock.now())
    strangers?.loggedIn(request.raw.socket)
    return who
  } catch (thrown) {
    if (toWaybillError(thrown).code === 'not_member') strangers?.loggedIn(request.raw.socket)
    throw thrown
  }
}

function addEndpoints(
  app: FastifyInstance,
  deps: ServerDeps,
  authenticate: (request: FastifyRequest, reply: FastifyReply) => Promise<void>,
  callerOf: (request: FastifyRequest) => Authenticated,
): void {
  const events = new Events(deps, (error, what) => app.log.error(error, what))
  app.get('/', (_request, reply) => reply.type('text/html; charset=utf-8').send(startPage))
  app.get('/health', (_request, reply) =>
    reply.type(jsonType).send(JSON.stringify({ status: 'ok', version: deps.version ?? '' })),
  )
  app.put('/api/v3/api/login', { onRequest: authenticate }, (request, reply) => {
    const { caller, session } = callerOf(request)
    const result = { id: caller.user, role: caller.role, session_id: session }
    return reply.type(jsonType).send(JSON.stringify({ result }))
  })
  for (const method of ['GET', 'POST', 'PUT', 'DELETE'] as const satisfies readonly Method[]) {
    app.route({
      method,
      url: '/api/v3/event',
      exposeHeadRoute: false,
      onRequest: authenticate,
      handler: async (request, reply) => {
        const who = callerOf(request)
        const gone = new AbortController()
        reply.raw.once('close', () => gone.abort())
        const { json, ...what } = await events.handle(method, readJson(method, request), who, gone.signal)
        const device = request.headers['x-accsyn-device']
        const call = {
          method,
          ...what,
          user: who.caller.email,
          workspace: who.workspace.code,
          device,
          ip: request.ip,
        }
        // Changes are the audit log; what was merely looked at is not.
        if (method === 'GET') app.log.debug(call, 'event')
        else app.log.info(call, 'event')
        return reply.status(what.status).type(jsonType).send(json)
      },
    })
  }
}

/** GET and DELETE carry their JSON in the URL, the others in the body. */
function readJson(method: Method, request: FastifyRequest): unknown {
  const inUrl = method === 'GET' || method === 'DELETE'
  return inUrl ? readQueryString(request.raw.url ?? '') : request.body
}

/** Bodies are JSON, also without a Content-Type, with an empty one and with any other. */
function readAnyBody(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, readBody(body))
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)), undefined)
    }
  })
  app.addHook('onRequest', (request, _reply, done) => {
    // An odd or empty type would be refused before any parser is asked.
    request.raw.headers['content-type'] = 'application/json'
    done()
  })
}

function tooLong({ raw }: FastifyRequest, { maxHeader }: EndpointLimits): WaybillError | undefined {
  if ((raw.url ?? '').length <= maxHeader) return undefined
  return new WaybillError('uri_too_long', `The URL is longer than ${maxHeader} bytes`)
}

function sendFailure(
  reply: FastifyReply,
  error: unknown,
  who: Authenticated | undefined,
  log: FastifyBaseLogger,
): FastifyReply {
  const failure = failureOf(error, who?.caller.role === 'admin')
  if (failure.internal) log.error(error, 'internal error')
  return reply.status(failure.status).type(jsonType).send(JSON.stringify(failure.body))
}

function keepTidy(app: FastifyInstance, { store, clock }: ServerDeps): void {
  const purge = (): void => {
    const now = clock.now()
    Promise.all([purgeSeenEvents(store, now), purgeAudit(store, now)]).catch((error: unknown) =>
      app.log.error(error, 'purge of what is too old'),
    )
  }
  const timer = setInterval(purge, purgeEvery)
  timer.unref()
  app.addHook('onReady', (done) => {
    purge()
    done()
  })
  app.addHook('onClose', (_app, done) => {
    clearInterval(timer)
    done()
  })
}
