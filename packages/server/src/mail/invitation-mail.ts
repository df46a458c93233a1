import type { Mail } from './queue-mail.js'

export interface InvitationWords {
  /** Its code. */
  readonly workspace: string
  /** Email of who invites. */
  readonly inviter: string
  /** What that one wants to say; may be empty. */
  readonly message: string
  readonly token: string
}

/** Where an invitation is accepted, after the server's address. The token stands where no server logs it. */
export function acceptPath(token: string): string {
  return `/accept#${token}`
}

/** The words of an invitation. */
export function invitationMail({
  workspace,
  inviter,
  message,
  token,
}: InvitationWords): Omit<Mail, 'recipient'> {
  const own =
    message.trim() === ''
      ? []
      : [
          '',
          ...message
            .trim()
            .split('\n')
            .map((line) => `> ${line}`),
        ]
  return {
    subject: `${inviter} invites you to ${workspace}`,
    body: [
      `${inviter} invites you to exchange files in the workspace "${workspace}".`,
      ...own,
      '',
      'To accept, open this link and choose a password:',
      '',
      `{server}${acceptPath(token)}`,
      '',
      'or on a command line:',
      '',
      `waybill accept '{server}${acceptPath(token)}'`,
      '',
      'The link is good for two weeks, and for one person: keep it to yourself.',
      '',
    ].join('\n'),
  }
}
