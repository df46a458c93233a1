import { formatDate, WaybillError } from '@waybill/api'
import { findAccount } from '../../../access/accounts.js'
import { mailInvitation, showInvitation } from '../../../access/invitations.js'
import { demandUnrestricted } from '../../../access/own-keys.js'
import { logOut } from '../../../access/web/log-out.js'
import { sessionsOf } from '../../../access/web/sessions.js'
import { setPassword } from '../../../access/web/set-password.js'
import { noteChange } from '../../../audit/note-change.js'
import { demandOperator } from '../../../entities/authority.js'
import { acceptPath } from '../../../mail/invitation-mail.js'
import { type Answer, type Call, demandId, type Route } from '../route.js'

/** The caller's own account: its password and web sessions; and invitations of users. */
export const accountRoutes: readonly Route[] = [
  {
    method: 'PUT',
    uri: 'account/password',
    about:
      "Sets the caller's password for the web; `current` is needed where there is one. Ends web sessions",
    answer: '`true`',
    example: { data: { password: 'correct horse battery', current: null } },
    run: changePassword,
  },
  {
    method: 'DELETE',
    uri: 'account/password',
    about: "Takes the caller's password away and ends the web sessions; `current` is needed",
    answer: '`true`',
    example: { data: { current: 'correct horse battery' } },
    run: removePassword,
  },
  {
    method: 'GET',
    uri: 'session/find',
    about: "Lists the caller's web sessions",
    answer: 'list of `{id, device, address, created, expires, last_used, current}`',
    example: {},
    run: findSessions,
  },
  {
    method: 'DELETE',
    uri: 'session/delete',
    about: "Ends one of the caller's web sessions: logs out",
    answer: '`true`',
    example: {},
    run: removeSession,
  },
  {
    method: 'POST',
    uri: 'user/invitation',
    about: 'Invites a user again: by mail with `mail`, else with a link for whoever asks to hand on',
    answer: '`{path}`, to be put after the address of the server; `true` for a mail',
    example: { id: '$user', data: { mail: true, message: 'Welcome' } },
    run: invite,
  },
]

async function changePassword(call: Call): Promise<Answer> {
  const password = call.fields.text('password')
  if (password === undefined) throw new WaybillError('bad_request', 'Which password? It is missing')
  const { credential } = call.ctx.caller
  // Whoever sits at this browser stays logged in, everybody else has to know the new password.
  const kept = credential?.kind === 'session' ? credential.id : undefined
  return await putPassword(call, password, kept)
}

async function removePassword(call: Call): Promise<Answer> {
  return await putPassword(call, undefined)
}

async function putPassword({ ctx, fields, deps }: Call, password?: string, kept?: string): Promise<Answer> {
  const { caller, device, address, now } = ctx
  demandUnrestricted(ctx, 'changes a password')
  const account = await findAccount(deps.store.installation, caller.email)
  if (account === undefined) throw new WaybillError('not_found', 'There is no such account')
  const place = { device, address, now }
  if (account.password !== null) {
    await deps.authenticator.web.prove(account, account.email, fields.text('current') ?? '', place)
  }
  await setPassword(deps.store, account, password, place, kept)
  return { result: true }
}

async function findSessions({ ctx, deps }: Call): Promise<Answer> {
  demandUnrestricted(ctx, 'sees web sessions')
  const { caller, now } = ctx
  const sessions = await sessionsOf(deps.store.installation, caller.account, now)
  return {
    result: sessions.map(({ id, device, address, created, expires, last_used }) => ({
      id,
      device,
      address,
      created: formatDate(created),
      expires: formatDate(expires),
      last_used: formatDate(last_used),
      current: id === caller.credential?.id,
    })),
  }
}

/** Without an id the session that calls. */
async function removeSession({ ctx, id, fields }: Call): Promise<Answer> {
  demandUnrestricted(ctx, 'ends web sessions')
  const { caller } = ctx
  const own = caller.credential?.kind === 'session' ? caller.credential.id : undefined
  const which = id ?? fields.text('id') ?? own
  if (which === undefined) throw new WaybillError('bad_request', 'Which session? Its id is missing')
  await logOut(ctx, which)
  return { result: true }
}

async function invite(call: Call): Promise<Answer> {
  const { ctx, entities, fields } = call
  demandOperator(ctx.caller, 'Inviting users')
  const id = demandId({ ...call, type: 'user' })
  await entities.engine.demand(ctx, 'user', id)
  const mail = fields.isTrue('mail')
  const token = await ctx.store.transaction(async (tx) => {
    await entities.users.demandInvitable(tx, ctx, id)
    if (!mail) return await showInvitation(tx, ctx, id)
    await mailInvitation(tx, ctx, id, fields.text('message') ?? '')
    await noteChange(tx, ctx, { entitytype: 'user', id, change: 'changed', as: 'invitation mailed' })
    return undefined
  })
  return token === undefined ? { result: true } : { result: { path: acceptPath(token) }, secret: true }
}
