import { Command, CommanderError, Help } from 'commander'
import { CommandEnd, exitCodeOf, exitCodes } from './exit.js'
import { printable } from './output/printable.js'
import { registry } from './registry.js'
import { version } from './version.js'

/** Runs one command and leaves its exit code on the process. */
export async function main(argv: readonly string[]): Promise<void> {
  // A reader that went away (`waybill find ... | head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.done)
    throw error
  })
  hideExperimentalWarnings()
  process.exitCode = await run(argv)
}

/** Newer Nodes announce their SQLite as experimental each time that it is loaded; nobody here can act on it. */
function hideExperimentalWarnings(): void {
  const printers = process.listeners('warning')
  process.removeAllListeners('warning')
  process.on('warning', (warning) => {
    if (warning.name !== 'ExperimentalWarning') for (const print of printers) print(warning)
  })
}

/** Runs one command; answers with its exit code. Failures are told on stderr. */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    const program = await buildProgram(argv)
    await program.parseAsync([...argv], { from: 'user' })
    return exitCodes.done
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.done : exitCodes.badInput
    if (thrown instanceof CommandEnd) {
      if (thrown.message !== '') complain(thrown.message)
      return thrown.exitCode
    }
    const { toWaybillError } = await import('@waybill/api')
    const error = toWaybillError(thrown)
    complain(error.message)
    if (error.code === 'internal' && process.env.WAYBILL_DEBUG !== undefined) console.error(thrown)
    return exitCodeOf(error.code)
  }
}

function complain(message: string): void {
  process.stderr.write(`waybill: ${printable(message, { lines: true })}\n`)
}

/** The whole tree of commands by name, of which only the one that is called is loaded. */
async function buildProgram(argv: readonly string[]): Promise<Command> {
  const program = new Command('waybill')
    .description('Managed file transfer that you host yourself')
    .version(version(), '-V, --version')
    .addHelpText('after', examples)
  const words = argv.filter((word) => !word.startsWith('-'))
  const called = words[0] === 'help' ? words[1] : words[0]
  for (const { name, group, summary, load } of registry) {
    const command = name === called ? await load() : new Command(name)
    program.addCommand(command.summary(summary).helpGroup(group))
  }
  configure(program)
  return program
}

/** Commander would end the process by itself; and its settings are not handed down to added commands. */
function configure(command: Command): void {
  command.exitOverride().showHelpAfterError('(--help tells more)').configureHelp({ groupItems: commonLast })
  for (const child of command.commands) configure(child)
}

/** In a command's help the options that all commands share stand after its own. */
const commonLast: Help['groupItems'] = (unsorted, visible, groupOf) => {
  const groups = new Help().groupItems(unsorted, visible, groupOf)
  const common = groups.get('Credentials:')
  if (common !== undefined && groups.delete('Credentials:')) groups.set('Credentials:', common)
  return groups
}

const examples = `
Examples:
  waybill up --data ./waybill                       start everything on this machine
  waybill transfer ./rushes volume=storage/incoming/
  waybill find "Transfer WHERE status=running"`
