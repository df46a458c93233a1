import { Command } from 'commander'
import {
  announce,
  type ServerFlags,
  startControlPlane,
  stopSignal,
  withServerOptions,
} from './control-plane.js'

export const command = withServerOptions(new Command('serve'))
  .description(
    'Runs a control plane alone; agents connect from wherever they are. Stops on SIGTERM and Ctrl-C.',
  )
  .addHelpText('after', '\nExample:\n  waybill serve --data /var/lib/waybill --port 443')
  .action(async (flags: ServerFlags) => {
    const stopped = stopSignal()
    const plane = await startControlPlane(flags, false)
    announce(plane)
    process.stdout.write('ready\n')
    await stopped
    await plane.close()
  })
