// @ts-check
// A studio and a vendor on one machine, with real processes: a control plane with its storage agent, and the agent
// of the vendor, which is killed in the middle of a transfer. The vendor sees and does what was granted. Leaves
// nothing behind. Exit code 0 when every byte arrived and nothing was seen that should not be.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
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

/** Shares a folder with the vendor, who is invited by that. @param {string} data @returns {Promise<Identity>} */
async function inviteVendor(data) {
  await shown(['folder', 'add', 'volume=storage/shows/seagull', '--code', 'seagull', '--data', data])
  await shown(['grant', vendorEmail, 'seagull', '--path', '/incoming', '--data', data])
  await shown(['grant', vendorEmail, 'seagull', '--path', '/briefing', '--read', '--data', data])
  const key = (await waybill(['key', 'create', vendorEmail, '--data', data])).trim()
  const { url, workspace, fingerprint } = JSON.parse(await readFile(join(data, 'credentials.json'), 'utf8'))
  return { user: vendorEmail, key, server: url, workspace, fingerprint }
}

/** Runs a command and lets it write to this terminal. @param {string[]} args @param {Identity} [as] */
async function shown(args, as) {
  const words = args.filter((word, at) => word !== '--data' && args[at - 1] !== '--data')
  process.stdout.write(`${as === undefined ? 'studio' : 'vendor'}$ waybill ${words.join(' ')}\n`)
  await waybill(args, { ...(as && { as }), shown: true })
}

/** What the studio has of the show: more than the vendor is to see. @param {string} show */
async function makeShow(show) {
  for (const name of ['incoming', 'briefing', 'contracts']) await mkdir(join(show, name), { recursive: true })
  await writeFile(join(show, 'briefing', 'look.txt'), 'Film grain, no lens flares.\n')
  await writeFile(join(show, 'contracts', 'vendor.txt'), 'What it costs.\n')
}

/** The vendor sees its folders, and the rest is not there for it. @param {Session} session */
async function lookAround(session) {
  const names = (await session.ls('folder=seagull')).map(({ filename }) => filename)
  if (names.join() !== 'briefing,incoming') throw new Error(`The vendor sees ${names.join(', ')}`)
  const hidden = await session.ls('folder=seagull/contracts').then(
    () => undefined,
    ({ message }) => message,
  )
  if (hidden === undefined) throw new Error('The vendor sees the contracts')
  process.stdout.write(`And of contracts it hears: ${hidden}\n`)
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

  say('A show, and a vendor who may write in one directory of it and read another')
  await makeShow(join(data, 'storage', 'shows', 'seagull'))
  const as = await inviteVendor(data)
  let agent = await startVendorAgent(as, join(vendor, 'agent'))

  say('What the vendor sees')
  const session = new Session({ ...as, apiKey: as.key })
  await shown(['ls', 'folder=seagull'], as)
  await lookAround(session)

  say('The vendor has shot 256 MB of video, 240 frames and some reports, and sends them')
  await makeShoot(shoot)
  const limit = `transfer_speedlimit=${speedLimit}`
  const upload = new Waybill(['transfer', shoot, 'folder=seagull/incoming/', '--setting', limit], {
    as,
    shown: true,
  })
  const job = await Promise.race([untilProgress(session, 40), upload.done().then(() => undefined)])
  if (job === undefined) throw new Error('The upload was over before it could be interrupted')

  say(`At ${job.progress}% the power fails at the vendor's: kill -9`)
  await agent.kill()
  await new Promise((go) => setTimeout(go, 1000))
  say('And it is back. The transfer goes on where it was')
  agent = await startVendorAgent(as, join(vendor, 'agent'))
  await upload.done()
  const incoming = join(data, 'storage', 'shows', 'seagull', 'incoming', 'shoot')
  const sent = await compare(shoot, incoming)
  say(`${sent} files arrived; their checksums are the same on both sides`)

  say('The studio sends frames back; the vendor chooses where they go')
  const returned = join(vendor, 'returned')
  const frames = 'folder=seagull/incoming/shoot/frames'
  await shown(['transfer', frames, vendorEmail, '--no-follow', '--data', data])
  await shown(['receive'], as)
  await shown(['receive', returned, '--follow'], as)
  const fetched = await compare(join(shoot, 'frames'), join(returned, 'frames'))
  say(`${fetched} files came back; their checksums are the same`)

  say('The jobs, the tasks of the first, and its log')
  await shown(['find', 'Transfer', '--finished'], as)
  await shown(['tasks', job.id], as)
  await shown(['log', job.id], as)

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
