const names = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** `12.3 MB`: powers of 1000, as disks and lines are sold. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < names.length - 1) {
    value /= 1000
    unit += 1
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1
  return `${value.toFixed(digits)} ${names[unit] ?? ''}`
}

/** Seconds below a minute with one decimal, else `H:MM:SS`. */
export function formatDuration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}

/** `2026-01-22 08:35:59`, UTC. */
export function formatMoment(date: Date): string {
  return date.toISOString().slice(0, 19).replace('T', ' ')
}
