import { join } from 'node:path'
import { type RunningAgent, runAgent } from '@waybill/agent'
import { type AgentType, agentTypes } from '@waybill/api'
import { Command, InvalidArgumentError, Option } from 'commander'
import { type AccessFlags, credentialsFor, withAccess } from '../../access/connect.js'
import { agentStates } from '../../access/credential-files.js'
import type { Credentials } from '../../access/credentials.js'
import { failed } from '../../exit.js'
import { port } from '../numbers.js'
import { connectedMessage, credentialsFromParent, onParentGone } from './parent-channel.js'

interface Flags extends AccessFlags {
  readonly type: AgentType
  readonly name?: string
  readonly state?: string
  readonly ports?: readonly [number, number]
  readonly fromParent?: true
}

export const command = withAccess(new Command('agent'))
  .description(
    'Runs an endpoint on this machine: files are sent from it and written to it. It connects to the control ' +
      'plane by itself, again and again, and keeps running until SIGTERM or Ctrl-C.',
  )
  .addOption(
    new Option(
      '--type <type>',
      'app: while its user works here; userserver: unattended; server: serves volumes',
    )
      .choices(Object.keys(agentTypes))
      .default('app'),
  )
  .option('--name <host>', "name that others see; the machine's own when absent")
  .option('--state <dir>', 'where it keeps its identity and what it is at')
  .option('--ports <first-last>', 'ports to listen on for other agents', portRange)
  .addOption(new Option('--from-parent', 'credentials come over the channel of a parent process').hideHelp())
  .addHelpText(
    'after',
    '\nExample:\n  waybill agent --server https://transfer.example.com:8443 --workspace studio --user lisa@example.com',
  )
  .action(async (flags: Flags) => {
    const credentials = flags.fromParent ? await credentialsFromParent() : credentialsFor(flags)
    const { type, name, ports } = flags
    const { server, workspace, user, apiKey, fingerprint } = credentials
    const agent = await runAgent({
      server,
      workspace,
      user,
      apiKey,
      type,
      state: flags.state ?? defaultState(credentials, flags),
      ...(name === undefined ? {} : { name }),
      ...(fingerprint === undefined ? {} : { fingerprint }),
      ...(ports === undefined ? {} : { ports }),
      log: (level, message) => {
        const out = level === 'error' ? process.stderr : process.stdout
        out.write(`${new Date().toISOString()} ${level === 'info' ? '' : `${level}: `}${message}\n`)
      },
    })
    stopWithParentOrSignal(agent)
    void agent.welcomed.then(() => process.send?.(connectedMessage))
    const reason = await agent.stopped
    if (process.connected) process.disconnect()
    if (reason !== undefined) throw failed(reason)
  })

function stopWithParentOrSignal(agent: RunningAgent): void {
  const stop = (): void => void agent.stop()
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  onParentGone(stop)
}

/** A place of its own for each agent of this machine. */
function defaultState({ workspace, user }: Credentials, { type, name }: Flags): string {
  const parts = [workspace, user, type, ...(name === undefined ? [] : [name])]
  return join(agentStates(), ...parts.map((part) => encodeURIComponent(part)))
}

function portRange(text: string): [number, number] {
  const [first = '', last = first, more] = text.split('-')
  const range: [number, number] = [port(first), port(last)]
  if (more !== undefined || range[0] > range[1])
    throw new InvalidArgumentError('It has the form 45190-45209, the smaller one first.')
  return range
}
