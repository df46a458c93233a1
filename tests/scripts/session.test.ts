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
