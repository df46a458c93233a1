import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openMailbox, type TestMailbox } from '../../../testkit/src/mailbox.js'
import { inviteUser } from '../access/invitations.js'
import { createTestServer, type TestServer } from '../http/testing.js'
import { createSqlite, type TestDatabase } from '../store/testing.js'
import { queueMail } from './queue-mail.js'
import { MailSender } from './sender.js'

let database: TestDatabase
let server: TestServer
let mailbox: TestMailbox
const log: string[] = []
const senders: MailSender[] = []

beforeEach(async () => {
  database = await createSqlite()
  server = await createTestServer(database.store)
  mailbox = await openMailbox()
  log.length = 0
})
afterEach(async () => {
  await Promise.all(senders.splice(0).map((sender) => sender.close()))
  await mailbox.close()
  await server.app.close()
  await database.drop()
})

function sender(smtpUrl = mailbox.url): MailSender {
  const { store, clock } = server
  const place = { smtpUrl, from: 'waybill@example.com', server: 'https://transfer.example.com' }
  const made = new MailSender({ store, clock, log: (line) => log.push(line), ...place })
  senders.push(made)
  return made
}

async function queue(recipient: string, subject = 'Hello'): Promise<void> {
  const ctx = { ...server.context(server.admin), now: server.clock.time }
  const mail = { recipient, subject, body: 'See {server}/accept' }
  await server.workspace.transaction(async (tx) => await queueMail(tx, ctx, mail))
}

const outbox = async () =>
  await database.store.installation.selectFrom('mail').selectAll().orderBy('id').execute()

describe('mails', () => {
  it('are sent once, in order, and their words are then forgotten', async () => {
    await queue('lisa@example.com', 'One')
    server.clock.time += 1
    await queue('erik@example.com', 'Two – größer')
    const one = sender()
    await Promise.all([one.look(), one.look(), sender().look()])
    expect(mailbox.mails.map(({ to }) => to).sort()).toEqual([['erik@example.com'], ['lisa@example.com']])
    expect(mailbox.mails[0]?.text).toContain('See https://transfer.example.com/accept')
    expect(mailbox.mails[0]?.text).toContain('From: waybill@example.com')
    expect(await outbox()).toMatchObject([
      { sent: server.clock.time, tries: 1, problem: '', body: '' },
      { sent: server.clock.time, tries: 1, problem: '', body: '' },
    ])
    await one.look()
    expect(mailbox.mails).toHaveLength(2)
  })

  it('are tried again with growing pauses, also by the process after this one', async () => {
    mailbox.answer = 451
    await queue('lisa@example.com')
    await sender().look()
    const [first] = await outbox()
    expect(first).toMatchObject({ sent: null, tries: 1, not_before: server.clock.time + 30_000 })
    expect(first?.problem).toMatch(/451/)
    expect(log).toEqual([expect.stringMatching(/lisa@example.com.*try 1/)])
    const again = sender()
    await again.look()
    expect(await outbox()).toMatchObject([{ tries: 1 }])
    server.clock.time += 30_000
    await again.look()
    expect(await outbox()).toMatchObject([{ tries: 2, not_before: server.clock.time + 60_000 }])
    server.clock.time += 60_000
    mailbox.answer = 250
    await again.look()
    expect(mailbox.mails).toHaveLength(1)
  })

  it('that are refused for good are not tried again', async () => {
    mailbox.answer = 550
    await queue('lisa@example.com')
    await sender().look()
    server.clock.time += 86_400_000
    mailbox.answer = 250
    await sender().look()
    expect(mailbox.mails).toEqual([])
    expect((await outbox())[0]?.problem).toMatch(/550/)
  })

  it('of days ago are left alone, as when a mail server is set up late', async () => {
    await queue('lisa@example.com')
    server.clock.time += 4 * 86_400_000
    await sender().look()
    expect(mailbox.mails).toEqual([])
  })

  it('wait for a mail server that is away', async () => {
    await queue('lisa@example.com')
    await mailbox.close()
    await sender().look()
    expect((await outbox())[0]).toMatchObject({
      sent: null,
      tries: 1,
      problem: expect.stringMatching(/REFUSED/) as unknown,
    })
  })

  it('cannot be given other headers or recipients by those who write them', async () => {
    await queue('lisa@example.com', 'Hi\r\nBcc: evil@example.com')
    await sender().look()
    expect(mailbox.mails).toMatchObject([{ to: ['lisa@example.com'] }])
    expect(mailbox.mails[0]?.text).not.toMatch(/^Bcc:/m)
  })

  it('invite with a link that is in no table but the outbox', async () => {
    const ctx = server.context(server.admin)
    await server.workspace.transaction(
      async (tx) =>
        await inviteUser(tx, ctx, { email: 'max@example.com', role: 'standard', message: 'Welcome\nBcc: x' }),
    )
    await sender().look()
    const text = mailbox.mails[0]?.text.replaceAll('=\r\n', '').replaceAll('=3D', '=') ?? ''
    expect(text).toMatch(/^Subject: admin@example.com invites you to studio/m)
    expect(text).toMatch(/> Welcome/)
    const token = /https:\/\/transfer\.example\.com\/accept#(wbi_[\w-]{43})/.exec(text)?.[1] ?? 'none'
    expect(token).not.toBe('none')
    for (const table of ['invitation', 'audit', 'event', 'mail'] as const) {
      const rows = await database.store.installation.selectFrom(table).selectAll().execute()
      expect(JSON.stringify(rows)).not.toContain(token)
    }
  })
})
