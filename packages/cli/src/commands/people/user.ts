import { Command } from 'commander'
import { listCommand } from '../admin/list-command.js'
import { add, invitation, invite } from './user-invite.js'
import { activate, deactivate, disable, enable, remove, role } from './user-status.js'

export const command = new Command('user')
  .description('Users of the workspace.')
  .addCommand(add)
  .addCommand(invite)
  .addCommand(invitation)
  .addCommand(listCommand('user', 'Lists the users'))
  .addCommand(role)
  .addCommand(enable)
  .addCommand(disable)
  .addCommand(deactivate)
  .addCommand(activate)
  .addCommand(remove)
