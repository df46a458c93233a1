import type { Screen } from './progress.js'

const patience = 1000

/**
 * Runs work that may take a while, and says on a terminal that it is still at it once that is more than a
 * second. Elsewhere it is silent.
 */
export async function withWaiting<T>(
  words: string,
  work: () => Promise<T>,
  screen: Screen = process.stderr,
): Promise<T> {
  if (screen.isTTY !== true) return await work()
  const began = performance.now()
  const drawn = { once: false }
  const timer = setInterval(() => {
    screen.write(`\r\u001b[2K${words} ... ${Math.round((performance.now() - began) / 1000)} s`)
    drawn.once = true
  }, patience)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    if (drawn.once) screen.write('\r\u001b[2K')
  }
}
