import { isEntityId } from '@waybill/api'
import { type Client, quote, type Session } from '@waybill/sdk'
import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { badInput } from '../../exit.js'
import { listCommand } from './list-command.js'

interface Flags extends AccessFlags {
  readonly agent: string
  readonly name?: string
  readonly default?: true
}

const add = withAccess(new Command('add'))
  .summary('adds a volume')
  .description('Adds a volume: a directory that an agent of the type server serves.')
  .argument('<code>', 'how paths name it: volume=CODE/...')
  .argument('<path>', "the directory, absolute, on the agent's machine")
  .requiredOption('--agent <host>', 'the agent that serves it: its name, or its id')
  .option('--name <name>', 'name as shown; the code when absent')
  .option('--default', 'relative paths lie here from now on')
  .addHelpText('after', '\nExample:\n  waybill volume add projects /mnt/raid/projects --agent storage-1')
  .action(async (code: string, path: string, flags: Flags) => {
    await withSession(flags, async (session) => {
      const { id: server } = await findServer(session, flags.agent)
      const volumes = await session.find('Volume')
      const there = volumes.find((volume) => volume.code.toLowerCase() === code.toLowerCase())
      const fields = {
        path,
        server,
        ...(flags.name === undefined ? {} : { name: flags.name }),
        // Exactly one is the default: the first, until another is made it.
        ...(flags.default === true || volumes.length === 0 ? { default: true } : {}),
      }
      // The volume that an installation starts with waits for a server: adding it gives it one.
      const volume =
        there?.server === null
          ? await session.update('Volume', there.id, fields)
          : await session.create('Volume', { code, name: code, ...fields })
      process.stdout.write(`${volume.id}\n`)
    })
  })

async function findServer(session: Session, agent: string): Promise<Client> {
  const server = isEntityId(agent)
    ? await session.getEntity('Server', agent)
    : await session.findOne(`Server WHERE code=${quote(agent)}`)
  if (server === null)
    throw badInput(
      `no agent of the type server is called "${agent}". Start one on its machine with ` +
        `"waybill agent --type server --name ${agent}"; "waybill client list" shows who is there.`,
    )
  return server
}

export const command = new Command('volume')
  .description('Volumes: directories that servers serve.')
  .addCommand(add)
  .addCommand(listCommand('volume', 'Lists the volumes and whether they can be used'))
