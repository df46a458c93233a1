import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ManagedProcess } from '../processes.js'
import { tempDirectory } from '../temp.js'

const script = fileURLToPath(new URL('../../dist/faults/clock.js', import.meta.url))
const program = `
  const before = [Date.now(), performance.now()]
  console.log('started')
  setInterval(() => {
    const isDate = new Date() instanceof Date && new Date(0).getTime() === 0
    const [date, steady] = [new Date().getTime() - before[0], performance.now() - before[1]]
    if (isDate && date < -3_000_000 && steady >= 0) console.log('jumped')
  }, 10)`

test('the date of a process jumps when its file says so, and nothing else does', async () => {
  const file = join(tempDirectory('clock'), 'shift')
  const child = new ManagedProcess(process.execPath, ['-e', program], {
    name: 'shifted',
    env: { NODE_OPTIONS: `--import=${script}`, WAYBILL_TEST_CLOCK: file },
  })
  await child.printed(/started/, 10_000)
  writeFileSync(file, '-3600000')
  await child.printed(/jumped/, 10_000)
  expect(child.exit).toBeUndefined()
  await child.kill()
})
