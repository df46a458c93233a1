import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

export interface ReceivedMail {
  readonly from: string
  readonly to: readonly string[]
  /** As it came, headers and all. */
  readonly text: string
}

/** A small mail server on this machine. */
export interface TestMailbox {
  readonly url: string
  readonly mails: readonly ReceivedMail[]
  /** What it says to each recipient: 250 takes a mail, 451 asks to come back, 550 refuses. */
  answer: number
  close(): Promise<void>
}

export async function openMailbox(): Promise<TestMailbox> {
  const mails: ReceivedMail[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onRcptTo: (_address, _session, done) => {
      if (mailbox.answer === 250) done()
      else done(Object.assign(new Error('not now'), { responseCode: mailbox.answer }))
    },
    onData: (stream, { envelope }, done) => {
      let text = ''
      stream.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      stream.once('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
        mails.push({ from, to: envelope.rcptTo.map(({ address }) => address), text })
        done()
      })
    },
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const mailbox: TestMailbox = {
    url: `smtp://127.0.0.1:${portOf(server.server.address())}`,
    mails,
    answer: 250,
    close: async () => {
      await new Promise<void>((resolve) => server.close(resolve))
    },
  }
  return mailbox
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('The mail server has no port')
  return address.port
}
