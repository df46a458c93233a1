import { readFileSync } from 'node:fs'

/**
 * Loaded into a process before its own code: its date is off by as many milliseconds as the file says that
 * `WAYBILL_TEST_CLOCK` names, and jumps when that changes. Clocks that nobody can set are left alone, as by a system.
 */
const file = process.env.WAYBILL_TEST_CLOCK
let shift = 0

function read(): void {
  try {
    shift = Number(readFileSync(file ?? '', 'utf8')) || 0
  } catch {
    // No file, no jump.
  }
}
read()
setInterval(read, 50).unref()

const plainNow = Date.now.bind(Date)
const now = (): number => plainNow() + shift

globalThis.Date = new Proxy(Date, {
  construct: (target, args: unknown[], as): object => {
    const made: unknown = Reflect.construct(target, args.length === 0 ? [now()] : args, as)
    if (typeof made !== 'object' || made === null) throw new TypeError('No date')
    return made
  },
  get: (target, name, receiver): unknown => (name === 'now' ? now : Reflect.get(target, name, receiver)),
})
