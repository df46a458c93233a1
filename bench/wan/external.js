// @ts-check
import { spawnSync } from 'node:child_process'
import { must } from './namespaces.js'

/**
 * A network made by another program: `PROGRAM up --delay MS --loss PERCENT --rate MBIT --queue MS --cc NAME`,
 * `PROGRAM a COMMAND...`, `PROGRAM b COMMAND...`, `PROGRAM down`, with hosts at 10.77.0.1 and 10.77.0.2.
 * @param {string} program
 * @param {import('./network.js').Line} line
 * @returns {Promise<import('./network.js').Network>}
 */
export async function externalNetwork(program, line) {
  const words = Object.entries(line).flatMap(([name, value]) => [`--${name}`, String(value)])
  // Without pipes: what it leaves running would hold them open.
  const { status } = spawnSync(program, ['up', ...words], { stdio: ['ignore', 'ignore', 'inherit'] })
  if (status !== 0) throw new Error(`${program} up ended with ${status}`)
  return {
    kind: 'the program that WAYBILL_WAN names',
    hosts: {
      a: { address: '10.77.0.1', command: [program, 'a'] },
      b: { address: '10.77.0.2', command: [program, 'b'] },
    },
    control: undefined,
    down: async () => must(program, ['down']),
  }
}
