// @ts-check
import { spawn } from 'node:child_process'
import { onHost } from './host.js'

/**
 * Runs a script of Node on host a of a line, from where it reaches what is there, and both ends can be started;
 * answers with the JSON that it prints.
 * @param {import('./host.js').Host} host
 * @param {string} script
 * @param {unknown} task handed to it as JSON
 * @returns {Promise<any>}
 */
export function onHostA(host, script, task) {
  const child = spawn(...onHost(host, process.execPath, [script, JSON.stringify(task)]), {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // It must not outlive this process, however that ends.
  const stop = () => child.kill()
  process.once('exit', stop)
  child.once('close', () => process.off('exit', stop))
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += String(chunk)
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      // With figures but not well: some of them are missing, which it has said.
      if (code !== 0) process.exitCode = 1
      if (text === '') reject(new Error(`The part on host a ended with ${code}`))
      else resolve(JSON.parse(text))
    })
  })
}
