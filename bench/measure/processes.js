// @ts-check
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

/** @type {number | undefined} */
let ticks

/** The processes of a group, with the numbers of /proc/PID/stat that follow the command's name. */
function* processesOf(/** @type {number} */ group) {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (Number(fields[2]) === group) yield { pid: Number(entry), fields }
    } catch {
      // It ended meanwhile.
    }
  }
}

/** Processor seconds so far of a process group, of those that it waited for, too. */
export function processorSeconds(/** @type {number} */ group) {
  let sum = 0
  for (const { fields } of processesOf(group)) for (const at of [11, 12, 13, 14]) sum += Number(fields[at])
  return sum / ticksPerSecond()
}

/** Processor seconds of all that this process started and that ended. */
export function childrenSeconds() {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond()
}

function ticksPerSecond() {
  ticks ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
  return ticks
}

/**
 * Highest resident memory (`VmHWM`) in MB of each process of a group, since it started or the peak was forgotten.
 * @param {number} group
 * @returns {{ pid: number, peak: number }[]}
 */
export function peakMemory(group) {
  const found = []
  for (const { pid } of processesOf(group)) {
    try {
      const [, peak = '0'] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
      found.push({ pid, peak: Math.round((Number(peak) * 1024) / 1e6) })
    } catch {
      // It ended meanwhile.
    }
  }
  return found
}

/** Lets the peak begin anew from what is resident now. */
export function forgetPeak(/** @type {number} */ group) {
  for (const { pid } of processesOf(group)) writeFileSync(`/proc/${pid}/clear_refs`, '5')
}
