import type { Selectable, Updateable } from 'kysely'
import { createTransport } from 'nodemailer'
import type { Clock } from '../context.js'
import type { MailTable } from '../store/schema.js'
import type { Store } from '../store/store.js'

export interface MailOptions {
  /** `smtp://user:password@host:587` or `smtps://...`. */
  readonly smtpUrl: string
  /** Address that mails come from. */
  readonly from: string
  /** Address of this server as people reach it, without a path; it goes into links. */
  readonly server: string
}

export interface MailSenderOptions extends MailOptions {
  readonly store: Store
  readonly clock: Clock
  readonly log: (message: string) => void
  /** Between two looks into the outbox, milliseconds. */
  readonly lookEvery?: number
}

const lookEvery = 5000
const atOnce = 20
/** What could not be sent for so long helps nobody any more. */
const givenUpAfter = 3 * 86_400_000
const mostTries = 20
/** A mail that is being sent is left alone for so long, also by a process that starts meanwhile. */
const claimedFor = 5 * 60_000
const firstPause = 30_000
const longestPause = 3_600_000
/** For each step of the talk with the mail server, milliseconds. */
const patience = 20_000

/**
 * Sends what is in the outbox, in order, and tries again what failed: after half a minute, then with pauses that
 * double up to an hour, for three days. Where it stands is in the database, so a restart loses nothing; a crash
 * between sending and writing that down may send a mail twice. Without a mail server there is no sender, and
 * mails stay where they are.
 */
export class MailSender {
  readonly #options: MailSenderOptions
  readonly #transport: ReturnType<typeof createTransport>
  #timer: NodeJS.Timeout | undefined
  #working: Promise<void> | undefined
  #closed = false

  constructor(options: MailSenderOptions) {
    this.#options = options
    this.#transport = createTransport({
      url: options.smtpUrl,
      connectionTimeout: patience,
      greetingTimeout: patience,
      socketTimeout: patience,
      disableFileAccess: true,
      disableUrlAccess: true,
    })
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), this.#options.lookEvery ?? lookEvery)
    this.#timer.unref()
    void this.look()
  }

  /** Sends what is due; a look while another one is under way is that one. */
  async look(): Promise<void> {
    this.#working ??= this.#sendDue()
      .catch((error: unknown) => this.#options.log(`The outbox could not be read: ${String(error)}`))
      .finally(() => {
        this.#working = undefined
      })
    await this.#working
  }

  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    this.#transport.close()
    await this.#working
  }

  async #sendDue(): Promise<void> {
    for (;;) {
      const due = await this.#readDue()
      for (const mail of due) {
        if (this.#closed) return
        if (await this.#claim(mail)) await this.#send(mail)
      }
      if (due.length < atOnce) return
    }
  }

  async #readDue() {
    const { store, clock } = this.#options
    const now = clock.now()
    return await store.installation
      .selectFrom('mail')
      .selectAll()
      .where('sent', 'is', null)
      .where('not_before', '<=', now)
      .where('tries', '<', mostTries)
      .where('created', '>', now - givenUpAfter)
      .orderBy('not_before')
      .limit(atOnce)
      .execute()
  }

  /** False when another process was quicker. */
  async #claim({ id, tries }: Mail): Promise<boolean> {
    const { store, clock } = this.#options
    const claimed = await store.installation
      .updateTable('mail')
      .set({ tries: tries + 1, not_before: clock.now() + claimedFor })
      .where('id', '=', id)
      .where('tries', '=', tries)
      .where('sent', 'is', null)
      .executeTakeFirst()
    return claimed.numUpdatedRows > 0n
  }

  async #send(mail: Mail): Promise<void> {
    const { from, server, log } = this.#options
    const tries = mail.tries + 1
    try {
      await this.#transport.sendMail({
        from,
        to: { name: '', address: mail.recipient },
        subject: mail.subject,
        text: mail.body.replaceAll('{server}', server),
        headers: { 'Auto-Submitted': 'auto-generated' },
      })
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error)
      log(`A mail to ${mail.recipient} could not be sent (try ${tries}): ${problem}`)
      const pause = Math.min(firstPause * 2 ** (tries - 1), longestPause)
      const not_before = this.#options.clock.now() + pause
      const refused = isRefused(error) ? { tries: mostTries } : {}
      await this.#write(mail.id, { problem: problem.slice(0, 1000), not_before, ...refused })
      return
    }
    // Its words are of no more use here, and the link in them is nobody else's business.
    await this.#write(mail.id, { sent: this.#options.clock.now(), problem: '', body: '' })
  }

  async #write(id: string, change: Updateable<MailTable>): Promise<void> {
    await this.#options.store.installation.updateTable('mail').set(change).where('id', '=', id).execute()
  }
}

type Mail = Selectable<MailTable>

/** The mail server will not take this mail, now or later: RFC 5321, 4.2.1. */
function isRefused(error: unknown): boolean {
  const code = error instanceof Error && 'responseCode' in error ? error.responseCode : undefined
  const command = error instanceof Error && 'command' in error ? error.command : undefined
  return typeof code === 'number' && code >= 500 && (command === 'RCPT TO' || command === 'DATA')
}
