import { Command } from 'commander'
import { loginFile, removeCredentials } from '../../access/credential-files.js'

export const command = new Command('logout')
  .description('Forgets the credentials that "waybill login" kept. The API key itself stays valid.')
  .action(() => {
    const removed = removeCredentials(loginFile())
    process.stdout.write(removed ? `Logged out; ${loginFile()} is gone.\n` : 'Nobody was logged in.\n')
  })
