// @ts-check

import { versionOf } from './commands.js'
import { cp } from './cp.js'
import { rsyncDaemon } from './rsync.js'
import { rcloneSftp, scp, startSshServer } from './ssh.js'

/** @typedef {'rsync' | 'scp' | 'rclone' | 'cp'} PeerName */

/**
 * The programs to compare with, as far as this machine has them; the rest is said and left out.
 * @param {string} work a directory of ours
 * @param {import('../wan/host.js').Host} host where they copy to
 * @param {readonly PeerName[]} names
 */
export async function startPeers(work, host, names) {
  const place = (/** @type {string} */ name) => ({ host, directory: `${work}/${name}` })
  const ssh =
    names.includes('scp') || names.includes('rclone') ? await startSshServer(place('ssh')) : undefined
  const makers = {
    rsync: () => rsyncDaemon(place('rsync')),
    scp: () => (ssh === undefined ? undefined : scp(ssh, `${work}/scp`)),
    rclone: () => (ssh === undefined ? undefined : rcloneSftp(ssh, `${work}/rclone`)),
    cp: () => cp(`${work}/cp`),
  }
  const peers = []
  for (const name of names) {
    const peer = await makers[name]()
    if (peer !== undefined) peers.push(peer)
  }
  return peers
}

/** What they say they are. */
export function peerVersions() {
  return {
    rsync: versionOf('rsync', ['--version']),
    ssh: versionOf('ssh', ['-V']),
    rclone: versionOf('rclone', ['version']),
    iperf3: versionOf('iperf3', ['--version']),
  }
}
