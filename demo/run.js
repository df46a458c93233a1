// @ts-check
// A whole transfer on one machine, with real processes: a control plane with its storage agent, and the agent of
// a vendor, which is killed in the middle. Leaves nothing behind. Exit code 0 when every byte arrived.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Session } from '@waybill/sdk'
import { killAll, Waybill, waybill } from './processes.js'
import { compare, makeShoot } from './sample-shoot.js'

/** @typedef {import('./processes.js').Identity} Identity */

const vendorEmail = 'vendor@example.com'
/** MB/s: slow enough that there is a middle to be killed in. */
const speedLimit = 60
const longestMs = 120_000
const began = Date.now()

/** @param {string} text */
function say(text) {
  const seconds = ((Date.now() - began) / 1000).toFixed(1).padStart(5)
  process.stdout.write(`\n[${seconds} s] ${text}\n`)
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

/** Starts the studio's side. @param {string} data */
async function startStudio(data) {
  const ports = { https: await freePort(), http: await freePort() }
  const studio = new Waybill([
    ...['up', '--data', data, '--host', '127.0.0.1'],
    ...['--port', String(ports.https), '--http-port', String(ports.http)],
  ])
  await studio.says('ready\n')
  process.stdout.write(studio.stdout)
  return studio
}

/** Makes the vendor a user with a key and a place to send to. @param {string} data @returns {Promise<Identity>} */
async function inviteVendor(data) {
  const key = (await waybill(['key', 'create', vendorEmail, '--data', data])).trim()
  await waybill(['user', 'add', vendorEmail, '--role', 'employee', '--data', data], { shown: true })
  await waybill(['grant', vendorEmail, 'storage', '--path', '/incoming', '--data', data], { shown: true })
  const { url, workspace, fingerprint } = JSON.parse(await readFile(join(data, 'credentials.json'), 'utf8'))
  return { user: vendorEmail, key, server: url, workspace, fingerprint }
}

/** @param {Identity} as @param {string} state */
async function startVendorAgent(as, state) {
  const agent = new Waybill(['agent', '--type', 'app', '--name', 'vendor-mac', '--state', state], { as })
  await agent.says('onnected')
  return agent
}

/** Waits until the only live job is so far. @param {Session} session @param {number} percent */
async function untilProgress(session, percent) {
  for (;;) {
    const [job] = await session.find('Transfer')
    if (job !== undefined && job.progress >= percent) return job
    await new Promise((go) => setTimeout(go, 50))
  }
}

/** @param {string} root */
async function demo(root) {
  const [data, vendor] = [join(root, 'studio'), join(root, 'vendor')]
  const shoot = join(vendor, 'shoot')
  await mkdir(vendor)

  say('A studio: a control plane, and a storage agent beside it')
  const studio = await startStudio(data)

  say('A vendor: an account, a key, and the right to read and write in /incoming')
  const as = await inviteVendor(data)
  let agent = await startVendorAgent(as, join(vendor, 'agent'))

  say('The vendor has shot 256 MB of video, 240 frames and some reports, and sends them')
  await makeShoot(shoot)
  const limit = `transfer_speedlimit=${speedLimit}`
  const upload = new Waybill(['transfer', shoot, 'volume=storage/incoming/', '--setting', limit], {
    as,
    shown: true,
  })
  const session = new Session({ ...as, apiKey: as.key })
  const job = await Promise.race([untilProgress(session, 40), upload.done().then(() => undefined)])
  if (job === undefined) throw new Error('The upload was over before it could be interrupted')

  say(`At ${job.progress}% the power fails at the vendor's: kill -9`)
  await agent.kill()
  await new Promise((go) => setTimeout(go, 1000))
  say('And it is back. The transfer goes on where it was')
  agent = await startVendorAgent(as, join(vendor, 'agent'))
  await upload.done()
  const sent = await compare(shoot, join(data, 'storage', 'incoming', 'shoot'))
  say(`${sent} files arrived; their checksums are the same on both sides`)

  say('The vendor fetches the frames back')
  const returned = join(vendor, 'returned')
  await waybill(['transfer', 'volume=storage/incoming/shoot/frames', `${returned}/`], { as, shown: true })
  const fetched = await compare(join(shoot, 'frames'), join(returned, 'frames'))
  say(`${fetched} files came back; their checksums are the same`)

  say('The jobs, the tasks of the first, and its log')
  await waybill(['find', 'Transfer', '--finished'], { as, shown: true })
  process.stdout.write('\n')
  await waybill(['tasks', job.id], { as, shown: true })
  process.stdout.write('\n')
  await waybill(['log', job.id], { as, shown: true })

  session.close()
  await agent.stop()
  await studio.stop()
}

/** Rejects when it takes too long or somebody interrupts it. @returns {Promise<never>} */
function giveUp() {
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error(`Not done after ${longestMs / 1000} s`)), longestMs).unref()
    for (const signal of ['SIGINT', 'SIGTERM'])
      process.once(signal, () => reject(new Error(`Stopped by ${signal}`)))
  })
}

const root = await mkdtemp(join(tmpdir(), 'waybill-demo-'))
try {
  await Promise.race([demo(root), giveUp()])
  say('Done: everything arrived, nothing is left behind')
} catch (thrown) {
  process.exitCode = 1
  const said = await killAll()
  process.stderr.write(
    `\n${said.join('\n')}\nThe demo failed: ${thrown instanceof Error ? thrown.message : thrown}\n`,
  )
} finally {
  await rm(root, { recursive: true, force: true, maxRetries: 5 })
}
