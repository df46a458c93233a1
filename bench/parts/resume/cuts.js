// @ts-check
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '../../programs/commands.js'
import { onHost } from '../../wan/host.js'

/**
 * @typedef {object} Stage
 * @property {import('../../programs/waybill.js').Waybill} waybill
 * @property {import('../../wan/host.js').Host} far host b
 * @property {string} control where the line is changed
 */

/** Longer than anybody waits for a sign of life before giving a connection up. */
const silenceMs = 20_000
const [before, after] = ['10.77.0.2/24', '10.77.0.3/24']

/**
 * Ways to cut a transfer, and to let it go on.
 * @type {Record<string, { says: string, cut: (stage: Stage) => Promise<void>, undo?: (stage: Stage) => Promise<void> }>}
 */
export const cuts = {
  sender: {
    says: "kill -9 of the sender's agent, started again at once",
    async cut({ waybill: { desk } }) {
      await desk.kill()
      await desk.restart()
    },
  },
  receiver: {
    says: "kill -9 of the receiver's agent, started again at once",
    async cut({ waybill: { vault } }) {
      await vault.kill()
      await vault.restart()
    },
  },
  silent: {
    says: `a line that drops everything for ${silenceMs / 1000} s`,
    async cut({ control }) {
      writeFileSync(control, 'silent 1\n')
      await sleep(silenceMs)
      writeFileSync(control, 'silent 0\n')
    },
  },
  address: {
    says: "the receiver's host gets another address",
    cut: ({ far }) => move(far, before, after),
    undo: ({ far }) => move(far, after, before),
  },
}

/** @param {import('../../wan/host.js').Host} host @param {string} from @param {string} to */
async function move(host, from, to) {
  await run(...onHost(host, 'ip', ['address', 'del', from, 'dev', 'line0']))
  await run(...onHost(host, 'ip', ['address', 'add', to, 'dev', 'line0']))
}
