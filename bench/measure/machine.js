// @ts-check
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { peerVersions } from '../programs/peers.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What a figure has to be read with. */
export function circumstances() {
  return {
    date: new Date().toISOString(),
    machine: {
      processor: cpus()[0]?.model.trim() ?? 'unknown',
      cores: cpus().length,
      memoryGib: Math.round(totalmem() / 2 ** 30),
      kernel: `${process.platform} ${release()}`,
      loadAtStart: Number((loadavg()[0] ?? 0).toFixed(2)),
    },
    versions: { node: process.version, waybill: waybillVersion(), ...peerVersions() },
  }
}

/** The package's version and, within a checkout, its commit; with a plus where files were changed since. */
function waybillVersion() {
  const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'))
  const git = (/** @type {string[]} */ ...args) =>
    spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout ?? ''
  const commit = git('rev-parse', '--short', 'HEAD').trim()
  const changed = git('status', '--porcelain', '--', 'packages').trim() === '' ? '' : '+'
  return commit === '' ? version : `${version} (${commit}${changed})`
}
