// @ts-check
// A network by hand: `node bench/wan/wan.js up --delay 50 --loss 0.1`. See bench/README.md.
import { spawn } from 'node:child_process'
import { existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildEmulator, emulatorArguments } from './emulator.js'
import { hostsOf, makeNamespaces, must, removeNamespaces } from './namespaces.js'
import { wideArea } from './network.js'

const usage = `wan.js up [--delay MS] [--loss PERCENT] [--rate MBIT] [--queue MS] [--cc NAME]
         [--reorder PERCENT] [--reorder-by MS] [--duplicate PERCENT] [--corrupt PERCENT] [--silent 1]
wan.js set NAME VALUE       changes one of them, but for cc, while it is up
wan.js a COMMAND...         runs a command on host a, 10.77.0.1; b likewise, 10.77.0.2
wan.js down                 takes it down and prints what the line carried
WAN_NAME names one of several.`

const name = process.env.WAN_NAME ?? 'line'
const hosts = hostsOf(name)
const state = (/** @type {string} */ what) => `${tmpdir()}/waybill-${name}.${what}`
const [verb = '', ...words] = process.argv.slice(2)

if (verb === 'up') await up()
else if (verb === 'down') await down()
else if (verb === 'set' && words.length === 2) writeFileSync(state('control'), `${words.join(' ')}\n`)
else if ((verb === 'a' || verb === 'b') && words.length > 0) run(hosts[verb])
else {
  process.stderr.write(`${usage}\n`)
  process.exitCode = 2
}

async function up() {
  await down()
  /** @type {Record<string, string>} */
  const given = {}
  for (let at = 0; at < words.length; at += 2) given[String(words[at]).slice(2)] = String(words[at + 1])
  const { cc = wideArea.cc, ...numbers } = given
  const { cc: _, ...usual } = wideArea
  const properties = {
    ...usual,
    ...Object.fromEntries(Object.entries(numbers).map(([key, value]) => [key, Number(value)])),
  }
  const program = buildEmulator()
  makeNamespaces(hosts, { ...wideArea, cc })
  must('mkfifo', ['-m', '600', state('control')])
  const out = openSync(state('out'), 'w', 0o600)
  const child = spawn(program, emulatorArguments(hosts, state('control'), properties), {
    detached: true,
    stdio: ['ignore', out, out],
  })
  writeFileSync(state('pid'), String(child.pid))
  for (let waited = 0; !readFileSync(state('out'), 'utf8').includes('ready'); waited += 1) {
    if (waited > 100 || child.exitCode !== null) {
      process.stderr.write(readFileSync(state('out'), 'utf8'))
      await down()
      process.exit(1)
    }
    await sleep(50)
  }
  child.unref()
}

async function down() {
  if (existsSync(state('pid'))) {
    const pid = Number(readFileSync(state('pid'), 'utf8'))
    // Its number may be another's by now.
    if (existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(state('control')))
      process.kill(pid, 'SIGTERM')
    while (existsSync(`/proc/${pid}`)) await sleep(20)
    process.stdout.write(readFileSync(state('out'), 'utf8').replace('ready\n', ''))
  }
  removeNamespaces(hosts)
  for (const what of ['pid', 'out', 'control']) rmSync(state(what), { force: true })
}

function run(/** @type {import('./host.js').Host} */ { command: [first = 'ip', ...rest] }) {
  const child = spawn(first, [...rest, ...words], { stdio: 'inherit' })
  child.once('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128)
  })
}
