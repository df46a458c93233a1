import type { Log } from './session-engine.js'

/** A text from outside, made fit to be shown on a terminal in one line. */
export function oneLine(text: string, max = 2000): string {
  // Control characters, line separators, and those that reverse the direction of what follows.
  const safe = text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, ' ')
  return safe.length > max ? `${safe.slice(0, max)}...` : safe
}

/** A log whose every entry is one harmless line. */
export function cleanLog(sink: Log): Log {
  return (level, message) => sink(level, oneLine(message))
}
