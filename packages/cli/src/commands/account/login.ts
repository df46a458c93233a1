import { loginWithPassword, Session, serverUrl } from '@waybill/sdk'
import { Command } from 'commander'
import { askSecret } from '../../access/ask.js'
import { pinned } from '../../access/certificate.js'
import { type AccessFlags, withAccess } from '../../access/connect.js'
import { loginFile, writeCredentials } from '../../access/credential-files.js'
import { type Credentials, resolveCredentials } from '../../access/credentials.js'
import { keepKey } from '../../access/keep-key.js'
import { badInput, CommandEnd, exitCodes } from '../../exit.js'
import { printable } from '../../output/printable.js'

export const command = withAccess(new Command('login'))
  .description(
    'Checks credentials and keeps them, readable by you alone, for the other commands. Asks for what is not ' +
      "given. A self-signed server's certificate is pinned: later commands talk to that server only. With " +
      '--password an API key is made for this machine, so that none has to be carried over.',
  )
  .option('--password', 'log in with the password for the web; asked for, or a line of standard input')
  .addHelpText('after', '\nExample:\n  waybill login --server https://transfer.example.com:8443')
  .action(async (flags: AccessFlags & { readonly password?: true }) => {
    if (flags.password === true) {
      await loginByPassword(flags)
      return
    }
    const given = process.stdin.isTTY ? await ask(flags) : resolveCredentials(onlyGiven(flags))
    const server = serverUrl(given.server)
    const fingerprint = await pinned(server, flags.fingerprint ?? given.fingerprint)
    const credentials = { ...given, server, ...(fingerprint === undefined ? {} : { fingerprint }) }
    const session = await Session.login({ ...credentials, device: 'waybill' })
    const { role } = await session.login()
    session.close()
    writeCredentials(loginFile(), credentials)
    process.stdout.write(
      `Logged in as ${printable(credentials.user)} (${printable(role)}). Kept in ${loginFile()}\n`,
    )
  })

async function loginByPassword(flags: AccessFlags): Promise<void> {
  const { env } = process
  const server = serverUrl(demand(flags.server ?? env.WAYBILL_SERVER, 'server'))
  const email = demand(flags.user ?? env.WAYBILL_USER, 'user')
  const wanted = flags.workspace ?? env.WAYBILL_WORKSPACE
  const fingerprint = await pinned(server, flags.fingerprint ?? env.WAYBILL_FINGERPRINT)
  const place = { server, device: 'waybill', ...(fingerprint === undefined ? {} : { fingerprint }) }
  const password = await askSecret('Your password')
  const login = await loginWithPassword(place, {
    email,
    password,
    ...(wanted === undefined ? {} : { workspace: wanted }),
  })
  const { workspace, workspaces } = login
  if (workspace === null)
    throw badInput(`which workspace? Add --workspace with one of ${workspaces.join(', ')}`)
  await keepKey(place, workspace, login, 'The password is right.')
}

function demand(value: string | undefined, name: string): string {
  if (value !== undefined && value !== '') return value
  throw badInput(`--password needs --${name} (or WAYBILL_${name.toUpperCase()})`)
}

function onlyGiven(flags: AccessFlags): Parameters<typeof resolveCredentials>[0] {
  const { data: _, ...access } = flags
  return { flags: access, env: process.env, data: undefined, login: () => undefined }
}

async function ask(flags: AccessFlags): Promise<Credentials> {
  const { isCancel, password, text } = await import('@clack/prompts')
  const answer = async (message: string, known: string | undefined, hidden = false): Promise<string> => {
    if (known !== undefined) return known
    const validate = (value: string | undefined): string | undefined => (value ? undefined : 'Needed')
    const value = await (hidden ? password({ message, validate }) : text({ message, validate }))
    if (isCancel(value)) throw new CommandEnd(exitCodes.interrupted)
    return value
  }
  const { env } = process
  const fingerprint = flags.fingerprint ?? env.WAYBILL_FINGERPRINT
  return {
    server: await answer('Address of the server', flags.server ?? env.WAYBILL_SERVER),
    workspace: await answer('Workspace', flags.workspace ?? env.WAYBILL_WORKSPACE ?? env.ACCSYN_WORKSPACE),
    user: await answer('Your email', flags.user ?? env.WAYBILL_USER ?? env.ACCSYN_API_USER),
    apiKey: await answer('API key', flags.apiKey ?? env.WAYBILL_API_KEY ?? env.ACCSYN_API_KEY, true),
    ...(fingerprint === undefined ? {} : { fingerprint }),
  }
}
