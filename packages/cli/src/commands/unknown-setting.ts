import { isSettingName } from '@waybill/api'
import { printable } from '../output/printable.js'

/** Says of names that are kept and do nothing that this is so: most of them are slips. */
export function tellUnknownSettings(names: readonly string[]): void {
  for (const name of names) {
    if (isSettingName(name)) continue
    const words = 'is kept, but is no setting that does anything; "waybill setting --help" lists those'
    process.stderr.write(`${printable(name)} ${words}\n`)
  }
}
