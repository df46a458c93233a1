// @ts-check
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { freePort } from '@waybill/testkit'
import { copying, has, missing, startServer } from './commands.js'

/**
 * rsync to a daemon: not encrypted, the fastest that it has.
 * @param {import('./commands.js').Place} place
 * @returns {Promise<import('./commands.js').Program | undefined>}
 */
export async function rsyncDaemon({ host, directory }) {
  if (!has('rsync')) return missing('rsync')
  mkdirSync(`${directory}/files`, { recursive: true })
  const root = process.getuid?.() === 0 ? 'uid = root\ngid = root\n' : ''
  const module = `[files]\npath = ${directory}/files\nread only = no\n`
  writeFileSync(`${directory}/rsyncd.conf`, `use chroot = no\n${root}${module}`)
  const port = await freePort()
  const server = await startServer(host, port, 'rsync', [
    ...['--daemon', '--no-detach', `--config=${directory}/rsyncd.conf`],
    ...[`--port=${port}`, `--address=${host.address}`],
  ])
  return {
    name: 'rsync to a daemon',
    directory: `${directory}/files`,
    groups: [server.pid],
    copy(source, name) {
      // Of a directory it would copy the directory into that of the same name, unless its contents are meant.
      const from = statSync(source).isDirectory() ? `${source}/` : source
      const to = `rsync://${host.address}:${port}/files/${name}`
      return copying('rsync', ['-a', from, to], `${directory}/files/${name}`)
    },
  }
}
