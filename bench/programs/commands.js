// @ts-check
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { ManagedProcess, waitFor } from '@waybill/testkit'
import { onHost } from '../wan/host.js'

/**
 * A program that copies, set up between this host and another or the same.
 * @typedef {object} Program
 * @property {string} name
 * @property {string} directory where copies come to lie
 * @property {(source: string, name: string) => Copying} copy begins to copy the file or directory `source`
 * @property {readonly number[]} groups process groups that work beside the one that `copy` starts
 */

/**
 * A copy under way.
 * @typedef {object} Copying
 * @property {Promise<void>} done rejects when it failed
 * @property {() => Promise<void>} stop ends it before its time
 * @property {string} path where it will lie
 * @property {() => Promise<number>} [arrived] bytes of it so far, if the files there do not tell
 */

/**
 * Where a program copies to, and a directory of its own there.
 * @typedef {object} Place
 * @property {import('../wan/host.js').Host} host
 * @property {string} directory
 */

export function has(/** @type {string} */ command) {
  return spawnSync('which', [command], { stdio: 'ignore' }).status === 0
}

/** @returns {undefined} */
export function missing(/** @type {string} */ what) {
  process.stderr.write(`Skipped: ${what} is not to be had on this machine\n`)
  return undefined
}

/** The first line that a command prints about itself. */
export function versionOf(/** @type {string} */ command, /** @type {string[]} */ args) {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  return (stdout || stderr || 'absent').split('\n')[0]?.trim() ?? ''
}

/**
 * A copy made by one command.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} path
 * @returns {Copying}
 */
export function copying(command, args, path) {
  const running = new ManagedProcess(command, args, { name: command })
  const done = running.exited.then(({ code }) => {
    if (code !== 0) throw new Error(running.describe())
  })
  return { done, stop: () => running.kill(), path }
}

/** Runs a command to its end, which must be a good one. */
export function run(/** @type {string} */ command, /** @type {readonly string[]} */ args) {
  return copying(command, args, '').done
}

/**
 * Starts a server on a host and waits until it listens.
 * @param {import('../wan/host.js').Host} host
 * @param {number} port
 * @param {string} command
 * @param {string[]} args
 */
export async function startServer(host, port, command, args) {
  const server = new ManagedProcess(...onHost(host, command, args), { name: command })
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  await waitFor(
    () => {
      if (server.exit !== undefined) throw new Error(server.describe(5))
      // State 0A is listening; the table is that of the server's host.
      return [4, 6].some((version) => {
        const path = `/proc/${server.pid}/net/tcp${version === 6 ? '6' : ''}`
        return existsSync(path) && new RegExp(`:${hex} 0+:0+ 0A`).test(readFileSync(path, 'utf8'))
      })
    },
    { what: `${command} to listen on ${port}`, timeoutMs: 5000 },
  )
  return server
}
