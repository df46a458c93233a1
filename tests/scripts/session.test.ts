import { createServer } from 'node:net'
import { ControlPlane } from '@waybill/testkit'
import { beforeAll, expect, test } from 'vitest'
import { cleanUpAfterwards } from '../studio.js'
import { hasPython, person, runPython } from './cast.js'

/** Where clients look in their development mode; nothing else may be there while this runs. */
const developmentPort = 8181
let isFree = false
let plane: ControlPlane
cleanUpAfterwards()
beforeAll(async () => {
  isFree = await canListen(developmentPort)
  plane = await ControlPlane.start(isFree ? { httpPort: developmentPort } : {})
})

test.skipIf(!hasPython)(
  'AS_DEV=true is all that a script needs to find a server on its machine',
  async (context) => {
    if (!isFree) context.skip(`port ${developmentPort} is taken`)
    const script = 'import accsyn_api\nprint(accsyn_api.Session().role)'
    const cast = { plane, people: { admin: person(plane.admin) } }
    expect(await runPython(cast, script, { AS_DEV: 'true' })).toBe('admin\n')
  },
)

test.skipIf(!hasPython)('a script that asks faster than it may is held up, not refused', async () => {
  const cast = { plane, people: { admin: person(plane.admin) } }
  const answered = await runPython(cast, hurried.replace('PORT', String(plane.port)))
  expect(answered).toBe('120\n')
})

/** Twice what one key may ask at once, by eight workers. */
const hurried = `
from concurrent.futures import ThreadPoolExecutor
import accsyn_api
session = accsyn_api.Session(hostname='127.0.0.1', port=PORT)
with ThreadPoolExecutor(8) as workers:
    print(len(list(workers.map(lambda _: session.find('Transfer'), range(120)))))
`

test('a session outlives a restart of the server', async () => {
  const client = plane.admin
  const before = await client.login()
  await plane.stop()
  await plane.restart()
  expect(await client.find('user')).toMatchObject([{ role: 'admin' }])
  expect(await plane.admin.login()).toEqual(before)
})

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
