// @ts-check
import { waitForStatus } from '@waybill/testkit'
import { timed } from '../measure/compete.js'
import { childrenSeconds, processorSeconds } from '../measure/processes.js'
import { run } from '../programs/commands.js'

/** @typedef {import('../measure/compete.js').Contestant} Contestant */

/**
 * A program as a contestant on this machine: beside its time, the time until its copy would survive a power cut,
 * and what of the processor it took, its servers included.
 * @param {import('../programs/commands.js').Program} program
 * @returns {Contestant}
 */
export function measuredProgram(program) {
  const contestant = timed(program)
  return measured(contestant, () => ({
    cpu: childrenSeconds() + program.groups.reduce((sum, group) => sum + processorSeconds(group), 0),
  }))
}

/**
 * Waybill as a contestant: from before its job is made until a client that looks every 40 ms sees it done.
 * @param {import('../programs/waybill.js').Waybill} waybill
 * @returns {Contestant}
 */
export function measuredWaybill(waybill) {
  /** @type {Contestant} */
  const contestant = {
    name: 'Waybill',
    directory: waybill.directory,
    async copy(source, name, bytes) {
      const begin = performance.now()
      const id = await waybill.begin(source, name)
      await waitForStatus(waybill.admin, id, 'done', { timeoutMs: 3_600_000, everyMs: 40 })
      const seconds = (performance.now() - begin) / 1000
      const running = await waybill.seconds(id)
      return { seconds, bytes, complete: true, path: `${waybill.directory}/${name}`, extra: { running } }
    },
  }
  return measured(contestant, () => {
    const [sender, receiver] = [waybill.desk, waybill.vault].map((agent) =>
      processorSeconds(agent.process.pid),
    )
    return { sender: sender ?? 0, receiver: receiver ?? 0, cpu: (sender ?? 0) + (receiver ?? 0) }
  })
}

/**
 * @param {Contestant} contestant
 * @param {() => Record<string, number>} processor seconds so far
 * @returns {Contestant}
 */
function measured(contestant, processor) {
  return {
    ...contestant,
    async copy(...load) {
      const before = processor()
      const begin = performance.now()
      const outcome = await contestant.copy(...load)
      const after = processor()
      await run('sync', [])
      const stored = (performance.now() - begin) / 1000
      const used = Object.entries(after).map(([name, seconds]) => [name, seconds - (before[name] ?? 0)])
      return { ...outcome, extra: { ...outcome.extra, stored, ...Object.fromEntries(used) } }
    },
  }
}
