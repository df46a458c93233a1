// @ts-check
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { userInfo } from 'node:os'
import { freePort, ManagedProcess, waitFor } from '@waybill/testkit'

/**
 * @typedef {object} Peer
 * @property {string} name
 * @property {(source: string, name: string) => Promise<string>} copy Copies the file or directory `source` to
 *   `name` at the destination; answers with the path it has there.
 */

/**
 * The programs to compare with, as far as this machine has them; the rest is said and left out.
 * @param {string} work a directory of ours
 * @returns {Promise<Peer[]>}
 */
export async function startPeers(work) {
  const peers = [await rsyncDaemon(`${work}/rsync`), await scp(`${work}/scp`), cp(`${work}/cp`)]
  return peers.filter((peer) => peer !== undefined)
}

/** @param {string} dir */
async function rsyncDaemon(dir) {
  if (!has('rsync')) return missing('rsync')
  mkdirSync(`${dir}/files`, { recursive: true })
  const root = process.getuid?.() === 0
  writeFileSync(
    `${dir}/rsyncd.conf`,
    `use chroot = no\n${root ? 'uid = root\ngid = root\n' : ''}[files]\npath = ${dir}/files\nread only = no\n`,
  )
  const port = await freePort()
  const args = [
    '--daemon',
    '--no-detach',
    `--config=${dir}/rsyncd.conf`,
    `--port=${port}`,
    '--address=127.0.0.1',
  ]
  new ManagedProcess('rsync', args, { name: 'rsync daemon' })
  await listening(port)
  return {
    name: 'rsync to a daemon',
    /** @type {Peer['copy']} */
    async copy(source, name) {
      await run('rsync', ['-a', ...asItself(source, name), `rsync://127.0.0.1:${port}/files/${name}`])
      return `${dir}/files/${name}`
    },
  }
}

/** @param {string} dir */
async function scp(dir) {
  const sshd = ['/usr/sbin/sshd', '/usr/bin/sshd'].find((path) => existsSync(path))
  if (sshd === undefined || !has('scp') || !has('ssh-keygen')) return missing('scp with sshd')
  mkdirSync(`${dir}/files`, { recursive: true })
  for (const key of ['host', 'user'])
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', `${dir}/${key}`])
  const port = await freePort()
  writeFileSync(
    `${dir}/sshd_config`,
    `Port ${port}
ListenAddress 127.0.0.1
HostKey ${dir}/host
AuthorizedKeysFile ${dir}/user.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
`,
  )
  // As root, sshd wants this directory for its unprivileged half.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true })
  const daemon = new ManagedProcess(sshd, ['-D', '-e', '-f', `${dir}/sshd_config`], { name: 'sshd' })
  const options = [
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
    '-o',
    'LogLevel=ERROR',
  ]
  try {
    await listening(port)
    await run('ssh', [
      ...options,
      '-i',
      `${dir}/user`,
      '-p',
      String(port),
      `${userInfo().username}@127.0.0.1`,
      'true',
    ])
  } catch (error) {
    return missing(`scp with sshd (${String(error)}\n${daemon.describe(5)})`)
  }
  return {
    name: 'scp',
    /** @type {Peer['copy']} */
    async copy(source, name) {
      const to = `${userInfo().username}@127.0.0.1:${dir}/files/${name}`
      await run('scp', [
        '-B',
        '-q',
        '-p',
        '-r',
        '-P',
        String(port),
        '-i',
        `${dir}/user`,
        ...options,
        source,
        to,
      ])
      return `${dir}/files/${name}`
    },
  }
}

/** @param {string} dir */
function cp(dir) {
  mkdirSync(dir, { recursive: true })
  return {
    name: 'cp (the limit)',
    /** @type {Peer['copy']} */
    async copy(source, name) {
      await run('cp', [
        '-a',
        ...(process.platform === 'linux' ? ['--reflink=never'] : []),
        source,
        `${dir}/${name}`,
      ])
      return `${dir}/${name}`
    },
  }
}

/** rsync copies into a directory of the same name unless told that the contents are meant. */
function asItself(/** @type {string} */ source, /** @type {string} */ name) {
  return name.includes('.') ? [source] : [`${source}/`]
}

/**
 * Runs a program to its end, which must be a good one.
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<void>}
 */
export function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    let words = ''
    child.stderr.on('data', (chunk) => {
      words += String(chunk)
    })
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`${command} ended with ${code}: ${words.trim()}`))
    })
  })
}

function has(/** @type {string} */ command) {
  return spawnSync('which', [command], { stdio: 'ignore' }).status === 0
}

/** @returns {undefined} */
function missing(/** @type {string} */ what) {
  console.error(`Skipped: ${what} is not to be had on this machine`)
  return undefined
}

async function listening(/** @type {number} */ port) {
  await waitFor(
    () =>
      new Promise((resolve) => {
        const socket = connect(port, '127.0.0.1', () => {
          socket.destroy()
          resolve(true)
        })
        socket.once('error', () => resolve(false))
      }),
    { what: `somebody to listen on ${port}`, timeoutMs: 5000 },
  )
}
