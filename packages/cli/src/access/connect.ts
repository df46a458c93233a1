import { Session } from '@waybill/sdk'
import { type Command, Option } from 'commander'
import { badInput } from '../exit.js'
import { dataFile, loginFile, readCredentials } from './credential-files.js'
import { type Credentials, resolveCredentials } from './credentials.js'

export interface AccessFlags {
  readonly server?: string
  readonly workspace?: string
  readonly user?: string
  readonly apiKey?: string
  readonly fingerprint?: string
  readonly data?: string
}

/** Adds the options that say who acts and where; `data` is what --data means to the command. */
export function withAccess(
  command: Command,
  data = 'take them from an installation on this machine',
): Command {
  const group = 'Credentials:'
  const options = [
    new Option('--server <url>', 'address of the control plane'),
    new Option('--workspace <code>', 'code of the workspace'),
    new Option('--user <email>', 'whose API key it is'),
    new Option('--api-key <key>', 'API key; the environment hides it better: WAYBILL_API_KEY'),
    new Option('--fingerprint <sha256>', "fingerprint of the server's certificate"),
    new Option('--data <dir>', data),
  ]
  for (const option of options) command.addOption(option.helpGroup(group))
  return command
}

export function credentialsFor(flags: AccessFlags): Credentials {
  const { data, ...given } = flags
  return resolveCredentials({
    flags: {
      server: given.server,
      workspace: given.workspace,
      user: given.user,
      apiKey: given.apiKey,
      fingerprint: given.fingerprint,
    },
    env: process.env,
    data: data === undefined ? undefined : () => installation(data),
    login: () => readCredentials(loginFile()),
  })
}

/** Runs `work` as the user that flags, environment or login name. */
export async function withSession<T>(
  flags: AccessFlags,
  work: (session: Session) => Promise<T>,
  options: { readonly timeoutMs?: number } = {},
): Promise<T> {
  const session = new Session({ ...credentialsFor(flags), device: 'waybill', ...options })
  try {
    return await work(session)
  } finally {
    session.close()
  }
}

function installation(data: string): Partial<Credentials> {
  const path = dataFile(data)
  const found = readCredentials(path)
  if (found === undefined)
    throw badInput(`${path} is not there. Was "waybill up --data ${data}" started once?`)
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}
