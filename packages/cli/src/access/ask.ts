import { badInput, CommandEnd, exitCodes } from '../exit.js'

/**
 * Asks for something secret: at a terminal without showing it, else it is the next line of standard input, so that
 * scripts can pipe it in and nothing secret stands in a list of processes.
 */
export async function askSecret(message: string): Promise<string> {
  if (!process.stdin.isTTY) return await nextLine(message)
  const { isCancel, password } = await import('@clack/prompts')
  const value = await password({ message, validate: (text) => (text ? undefined : 'Needed') })
  if (isCancel(value)) throw new CommandEnd(exitCodes.interrupted)
  return value
}

/** The same, twice, for a new one. */
export async function askNewSecret(message: string): Promise<string> {
  const first = await askSecret(message)
  if (!process.stdin.isTTY) return first
  if ((await askSecret('Once more')) === first) return first
  throw badInput('the two are not the same')
}

let lines: AsyncIterator<string, undefined> | undefined

async function nextLine(message: string): Promise<string> {
  if (lines === undefined) {
    const { createInterface } = await import('node:readline')
    lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  }
  const { value } = await lines.next()
  if (value !== undefined && value !== '') return value
  throw badInput(`${message}: expected on a line of standard input`)
}
