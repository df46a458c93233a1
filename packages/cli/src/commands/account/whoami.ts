import { Command } from 'commander'
import { type AccessFlags, credentialsFor, withAccess, withSession } from '../../access/connect.js'
import { type ListFlags, printJson, withJson } from '../../output/list.js'
import { printable } from '../../output/printable.js'

export const command = withJson(withAccess(new Command('whoami')))
  .description('Shows who the other commands act as, and checks that the server agrees.')
  .action(async (flags: AccessFlags & ListFlags) => {
    const { server, workspace, user } = credentialsFor(flags)
    const { id, role } = await withSession(flags, (session) => session.login())
    if (flags.json === true) printJson({ server, workspace, user, id, role })
    else process.stdout.write(`${printable(`${user} (${role}) in ${workspace} at ${server}`)}\n`)
  })
