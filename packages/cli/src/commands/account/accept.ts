import { acceptInvitation, readInvitation } from '@waybill/sdk'
import { Command } from 'commander'
import { askNewSecret } from '../../access/ask.js'
import { pinned } from '../../access/certificate.js'
import { keepKey } from '../../access/keep-key.js'
import { badInput } from '../../exit.js'
import { printable } from '../../output/printable.js'

interface Flags {
  readonly fingerprint?: string
  readonly keep: boolean
}

export const command = new Command('accept')
  .description(
    'Accepts an invitation by its link. Asks for a password to be, or reads it from a line of standard input; ' +
      'then makes an API key for this machine and keeps it for the other commands, as "waybill login" does.',
  )
  .argument('<link>', 'https://.../accept#...; in quotes')
  .option('--fingerprint <sha256>', "fingerprint of the server's certificate")
  .option('--no-keep', 'keep nothing on this machine')
  .addHelpText('after', "\nExample:\n  waybill accept 'https://transfer.example.com:8443/accept#wbi_...'")
  .action(async (link: string, flags: Flags) => {
    const { server, token } = readLink(link)
    const fingerprint = await pinned(server, flags.fingerprint)
    const place = { server, device: 'waybill', ...(fingerprint === undefined ? {} : { fingerprint }) }
    const { email, workspace, opens } = await readInvitation(place, token)
    process.stderr.write(`An invitation of ${printable(email)} to the workspace ${printable(workspace)}.\n`)
    const password = opens ? await askNewSecret('Choose a password') : undefined
    const login = await acceptInvitation(place, token, password)
    if (login === null) process.stdout.write('Accepted. Log in with the key or password that you have.\n')
    else if (flags.keep) await keepKey(place, workspace, login, 'Accepted.')
    else process.stdout.write('Accepted.\n')
  })

function readLink(link: string): { readonly server: string; readonly token: string } {
  const url = URL.canParse(link) ? new URL(link) : undefined
  const token = url?.hash.slice(1) ?? ''
  if (url !== undefined && token !== '') return { server: url.origin, token }
  throw badInput('that is not the whole link: it ends in # and a long word. Put it in quotes')
}
