import { hostname } from 'node:os'
import { Session, type WebLogin } from '@waybill/sdk'
import { printable } from '../output/printable.js'
import { loginFile, writeCredentials } from './credential-files.js'

/**
 * Makes an API key for this machine with the session that a login opened, ends that session, keeps the key as
 * `waybill login` does, and says so after `words`.
 */
export async function keepKey(
  place: { readonly server: string; readonly fingerprint?: string },
  workspace: string,
  { email, token }: Pick<WebLogin, 'email' | 'token'>,
  words: string,
): Promise<void> {
  const session = new Session({ ...place, workspace, user: email, token, device: 'waybill' })
  try {
    const { key } = await session.account.createKey({ name: `waybill on ${hostname()}` })
    writeCredentials(loginFile(), { ...place, workspace, user: email, apiKey: key })
    await session.account.logout()
  } finally {
    session.close()
  }
  process.stdout.write(`${words} Logged in as ${printable(email)}; kept in ${loginFile()}\n`)
}
