// Copies between two agents' data planes, each a process of its own, over loopback; the same trees with rsync
// to an rsync daemon for comparison. Run: node bench/asc-loopback.js [DIR] [case...]
import { fork, spawn, spawnSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const plane = new URL('../packages/agent/dist/data/plane.js', import.meta.url)

/** The child: one data plane, told what to do by its parent. */
async function side() {
  const { DataPlane } = await import(plane.href)
  const data = new DataPlane()
  data.on('results', (session, results) => process.send({ type: 'results', session, results }))
  data.on('ended', (session, end) => process.send({ type: 'ended', session, end }))
  let peak = 0
  setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 50).unref()
  process.on('message', async ({ method, args }) => {
    if (method === 'peak') process.send({ type: 'peak', peak })
    else if (method === 'quit') data.close().then(() => process.exit(0))
    else {
      const result = await data[method](...args)
      if (method === 'open') process.send({ type: 'opened', result })
    }
  })
}

class Agent {
  constructor(name) {
    const execArgv = process.env.PROFILE
      ? ['--cpu-prof', `--cpu-prof-dir=${process.env.PROFILE}/${name}`]
      : []
    this.child = fork(fileURLToPath(import.meta.url), [], { execArgv })
    this.inbox = []
    this.waiting = []
    this.child.on('message', (message) => {
      this.inbox.push(message)
      for (const wake of this.waiting.splice(0)) wake()
    })
  }
  call(method, ...args) {
    this.child.send({ method, args })
  }
  async next(type) {
    for (;;) {
      const at = this.inbox.findIndex((message) => message.type === type)
      if (at >= 0) return this.inbox.splice(at, 1)[0]
      await new Promise((resolve) => this.waiting.push(resolve))
    }
  }
}

async function copy(source, target, connections = 4) {
  const [from, to] = [new Agent('send'), new Agent('receive')]
  const session = randomUUID()
  const base = { session, lease: 1, job: 'j', identity: session, key: randomBytes(32).toString('base64') }
  const rest = { cipher: process.env.CIPHER ?? 'aes128', connections, rate: -1 }
  to.call('open', { ...base, ...rest, role: 'receive', link: { kind: 'listen', ports: [0, 0] } })
  const { port } = (await to.next('opened')).result
  warm(dirname(target))
  // The processes and their threads stand: what is measured begins with connecting, as rsync's does.
  const begin = performance.now()
  const link = { kind: 'connect', addresses: ['127.0.0.1'], port }
  from.call('open', { ...base, ...rest, role: 'send', link })
  const task = { index: 1, task: 't', size: 0, include: '', exclude: '' }
  from.call('tasks', session, [{ ...task, location: { root: null, path: source } }])
  to.call('tasks', session, [{ ...task, location: { root: null, path: target } }])
  const { results } = await to.next('results')
  const seconds = (performance.now() - begin) / 1000
  from.call('finish', session)
  to.call('finish', session)
  await Promise.all([from.next('ended'), to.next('ended')])
  from.call('peak')
  to.call('peak')
  const mib = async (agent) => Math.round((await agent.next('peak')).peak / 2 ** 20)
  const memory = [await mib(from), await mib(to)]
  for (const agent of [from, to]) {
    agent.call('quit')
    await new Promise((resolve) => agent.child.once('exit', resolve))
  }
  if (results[0].status !== 'done') console.log(results[0])
  return { seconds, memory }
}

async function rsync(dir, source, extra = []) {
  const port = 20000 + Math.floor(Math.random() * 20000)
  const conf = join(dir, 'rsyncd.conf')
  writeFileSync(
    conf,
    `port = ${port}\nuse chroot = no\n[t]\npath = ${dir}/rsync\nread only = no\n` +
      (process.getuid() === 0 ? 'uid = 0\ngid = 0\n' : ''),
  )
  mkdirSync(join(dir, 'rsync'), { recursive: true })
  const daemon = spawn('rsync', ['--daemon', '--no-detach', `--config=${conf}`], {
    // Not a pipe: rsync would take it for a client of inetd.
    stdio: 'ignore',
  })
  await up(port)
  warm(dir)
  const begin = performance.now()
  const done = spawnSync('rsync', ['-a', '-W', ...extra, source, `rsync://127.0.0.1:${port}/t/`])
  const seconds = (performance.now() - begin) / 1000
  if (done.status !== 0) console.log(String(done.stderr))
  daemon.kill()
  rmSync(join(dir, 'rsync'), { recursive: true, force: true })
  return { seconds }
}

async function up(port) {
  for (;;) {
    const ok = await new Promise((resolve) => {
      const socket = createConnection(port, '127.0.0.1')
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (ok) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/**
 * Virtual machines give free memory back to their host after a moment, and getting it again costs more than
 * the copy: every run begins with the same amount of memory at hand.
 */
function warm(dir) {
  mkdirSync(dir, { recursive: true })
  const path = join(dir, 'warm')
  bigFile(path, 1100)
  rmSync(path)
}

function bigFile(path, mib) {
  const fd = openSync(path, 'w')
  const block = randomBytes(1 << 20)
  for (let i = 0; i < mib; i++) {
    block.writeUInt32LE(i, 0)
    writeSync(fd, block)
  }
  closeSync(fd)
}

function smallFiles(dir, count, size) {
  for (let i = 0; i < count; i++) {
    if (i % 100 === 0) mkdirSync(join(dir, `d${i / 100}`), { recursive: true })
    writeFileSync(join(dir, `d${Math.floor(i / 100)}`, `file-${i}.dat`), randomBytes(size))
  }
}

async function main() {
  const [base = tmpdir(), ...cases] = process.argv.slice(2)
  const dir = mkdtempSync(join(base, 'waybill-bench-'))
  const wanted = (name) => cases.length === 0 || cases.includes(name)
  const runs = Number(process.env.RUNS ?? 3)
  const all = {
    big: () => bigFile(join(dir, 'big'), 1024),
    small: () => smallFiles(join(dir, 'small'), 10_000, 4096),
    many: () => smallFiles(join(dir, 'many'), 100_000, 1024),
  }
  try {
    for (const [name, make] of Object.entries(all)) {
      if (!wanted(name)) continue
      make()
      spawnSync('sync')
      const source = join(dir, name)
      for (let run = 0; run < runs; run++) {
        const ours = await copy(source, join(dir, 'target', name))
        rmSync(join(dir, 'target'), { recursive: true, force: true })
        spawnSync('sync')
        const theirs = process.env.ALONE ? { seconds: 0 } : await rsync(dir, source)
        spawnSync('sync')
        const synced = process.env.ALONE ? { seconds: 0 } : await rsync(dir, source, ['--fsync'])
        spawnSync('sync')
        console.log(
          `${name}: waybill ${ours.seconds.toFixed(2)} s (peak MiB send/receive ${ours.memory.join('/')}), ` +
            `rsync ${theirs.seconds.toFixed(2)} s, rsync --fsync ${synced.seconds.toFixed(2)} s, ` +
            `ratio ${(theirs.seconds / ours.seconds).toFixed(2)}`,
        )
      }
      rmSync(source, { recursive: true, force: true })
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

if (process.send !== undefined) await side()
else await main()
