import type { Transfer } from '@waybill/sdk'
import { formatSpeed } from './columns.js'
import { printable } from './printable.js'
import { formatBytes } from './units.js'

/** What progress is written to: stderr, or anything like it. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export interface Progress {
  show(transfer: Transfer): void
  /** A line of its own that stays. */
  note(text: string): void
  /** Leaves the last state standing. */
  end(): void
}

const lineEveryMs = 3000

/** A bar that is drawn over itself on a terminal; elsewhere a line every few seconds and at each change. */
export function createProgress(screen: Screen, now: () => number = () => performance.now()): Progress {
  return screen.isTTY === true ? bar(screen) : lines(screen, now)
}

function bar(screen: Screen): Progress {
  let drawn = false
  const clear = (): void => {
    if (drawn) screen.write('\r\u001b[2K')
    drawn = false
  }
  return {
    show(transfer) {
      clear()
      screen.write(progressBar(transfer, screen.columns ?? 80))
      drawn = true
    },
    note(text) {
      clear()
      screen.write(`${printable(text)}\n`)
    },
    end() {
      if (drawn) screen.write('\n')
      drawn = false
    },
  }
}

function lines(screen: Screen, now: () => number): Progress {
  let last = { state: '', at: Number.NEGATIVE_INFINITY }
  return {
    show(transfer) {
      const state = `${transfer.status} ${transfer.status_hr}`
      if (state === last.state && now() - last.at < lineEveryMs) return
      last = { state, at: now() }
      screen.write(`${facts(transfer).join('  ')}\n`)
    },
    note(text) {
      screen.write(`${printable(text)}\n`)
    },
    end() {
      // Every line stands already.
    },
  }
}

/** One line of at most `columns` characters, less one: a full line would wrap on some terminals. */
export function progressBar(transfer: Transfer, columns: number): string {
  const { progress, status } = transfer
  const rest = facts(transfer).join('  ')
  const cells = Math.min(30, columns - rest.length - 4)
  const filled = Math.round((Math.min(100, Math.max(0, progress)) / 100) * cells)
  const hidden = cells < 5 || status === 'failed' || status === 'aborted'
  const drawing = hidden ? '' : `${'█'.repeat(filled)}${'░'.repeat(cells - filled)}  `
  return Array.from(drawing + rest)
    .slice(0, columns - 1)
    .join('')
}

function facts(transfer: Transfer): string[] {
  const { status, status_hr, progress, size, transferred, speed, etr } = transfer
  const amount = `${formatBytes(transferred)} of ${formatBytes(size)}`
  if (status !== 'running') return [status, ...(status_hr ? [printable(status_hr)] : []), `${progress}%`]
  return [status, `${progress}%`, amount, formatSpeed(speed), etr === '' ? '' : `${etr} left`].filter(
    (fact) => fact !== '',
  )
}
