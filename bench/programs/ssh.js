// @ts-check
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { freePort } from '@waybill/testkit'
import { copying, has, missing, run, startServer } from './commands.js'

/**
 * A server of OpenSSH with keys and configuration of its own.
 * @param {import('./commands.js').Place} place
 */
export async function startSshServer({ host, directory }) {
  const sshd = ['/usr/sbin/sshd', '/usr/bin/sshd'].find((path) => existsSync(path))
  if (sshd === undefined || !has('ssh') || !has('ssh-keygen')) return missing('sshd')
  mkdirSync(directory, { recursive: true })
  for (const key of ['host', 'user'])
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', `${directory}/${key}`])
  const port = await freePort()
  const lines = [
    `Port ${port}`,
    `ListenAddress ${host.address}`,
    `HostKey ${directory}/host`,
    `AuthorizedKeysFile ${directory}/user.pub`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'UseDNS no',
    'PasswordAuthentication no',
    'PermitRootLogin prohibit-password',
    'Subsystem sftp internal-sftp',
  ]
  writeFileSync(`${directory}/sshd_config`, `${lines.join('\n')}\n`)
  // As root, sshd wants this directory for its unprivileged half.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true })
  try {
    const server = await startServer(host, port, sshd, ['-D', '-e', '-f', `${directory}/sshd_config`])
    return { host, port, key: `${directory}/user`, user: userInfo().username, group: server.pid }
  } catch (error) {
    return missing(`sshd (${String(error)})`)
  }
}

/** @typedef {Exclude<Awaited<ReturnType<typeof startSshServer>>, undefined>} SshServer */

/**
 * @param {SshServer} server
 * @param {string} directory
 * @returns {import('./commands.js').Program | undefined}
 */
export function scp(server, directory) {
  if (!has('scp')) return missing('scp')
  mkdirSync(directory, { recursive: true })
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR']
  return {
    name: 'scp',
    directory,
    groups: [server.group],
    copy(source, name) {
      const to = `${server.user}@${server.host.address}:${directory}/${name}`
      const words = ['-B', '-q', '-p', '-r', '-P', String(server.port), '-i', server.key]
      return copying(
        'scp',
        [...words, ...options.flatMap((one) => ['-o', one]), source, to],
        `${directory}/${name}`,
      )
    },
  }
}

/**
 * rclone over sftp, with as much under way at a time as it can be told to have.
 * @param {SshServer} server
 * @param {string} directory
 * @returns {import('./commands.js').Program | undefined}
 */
export function rcloneSftp(server, directory) {
  if (!has('rclone')) return missing('rclone')
  mkdirSync(directory, { recursive: true })
  const remote = `:sftp,host=${server.host.address},port=${server.port},user=${server.user},key_file=${server.key}`
  return {
    name: 'rclone over sftp, tuned',
    directory,
    groups: [server.group],
    copy(source, name) {
      const words = [
        statSync(source).isDirectory() ? 'copy' : 'copyto',
        ...['--config', '/dev/null', '--transfers', '32', '--checkers', '32', '--buffer-size', '64M'],
        ...['--sftp-concurrency', '256', '--sftp-chunk-size', '255k', '--sftp-disable-hashcheck'],
        ...['--retries', '1', '--no-traverse'],
      ]
      return copying('rclone', [...words, source, `${remote}:${directory}/${name}`], `${directory}/${name}`)
    },
  }
}
