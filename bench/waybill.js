// @ts-check
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { Agent, ControlPlane, waitForStatus } from '@waybill/testkit'

/** A control plane with its storage, and another agent, idle and ready. */
export async function startWaybill(/** @type {string} */ work) {
  mkdirSync(`${work}/waybill`, { recursive: true })
  const plane = await ControlPlane.start({ data: `${work}/waybill` })
  const desk = await Agent.start({ plane, name: 'desk' })
  const { admin } = plane
  return {
    plane,
    desk,
    admin,
    /**
     * Copies the file or directory `source` to `name` on the storage and waits until the transfer is done;
     * answers with the path it has there.
     * @param {string} source
     * @param {string} name
     */
    async copy(source, name) {
      const job = await admin.create('transfer', {
        source: desk.at(source),
        destination: `volume=storage/${name}`,
      })
      await waitForStatus(admin, job.id, 'done', { timeoutMs: 900_000 })
      return `${plane.storage}/${name}`
    },
  }
}

/**
 * Highest resident memory so far of every process of a group, in MiB (`VmHWM`, Linux).
 * @param {number} group
 * @returns {{ pid: number, peak: number }[]}
 */
export function peakMemory(group) {
  const found = []
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      // After the command in parentheses: state, parent, process group.
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8')
      const [, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (Number(pgrp) !== group) continue
      const [, peak = '0'] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${entry}/status`, 'utf8')) ?? []
      found.push({ pid: Number(entry), peak: Math.round(Number(peak) / 1024) })
    } catch {
      // It ended meanwhile.
    }
  }
  return found
}

/** The middle, the least and the most of some numbers. */
export function spread(/** @type {number[]} */ numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const at = (/** @type {number} */ part) =>
    sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0
  return { median: at(0.5), least: at(0), most: at(1), p95: at(0.95) }
}
