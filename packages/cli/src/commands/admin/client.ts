import { Command } from 'commander'
import { listCommand } from './list-command.js'

export const command = new Command('client')
  .description('Agents, and where they run. They register by themselves; see "waybill agent".')
  .addCommand(listCommand('client', 'Lists agents and whether they are connected'))
