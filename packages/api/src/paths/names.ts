import { WaybillError } from '../errors.js'

/** The longest path, in UTF-16 units, and the longest name, in bytes of UTF-8, that any system here takes. */
export const maxPathLength = 4096
export const maxNameLength = 255

export function refused(message: string): WaybillError {
  return new WaybillError('bad_request', message)
}

const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$/i

/**
 * Why Windows cannot have a file of this name, in words; undefined when it can. Other systems take such names.
 * Source: "Naming Files, Paths, and Namespaces", Microsoft Learn.
 */
export function reservedOnWindows(name: string): string | undefined {
  if (DEVICE.test(name.trimEnd())) return `${name} is the name of a device on Windows`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Windows refuses exactly these
  if (/[<>:"/\\|?*\u0000-\u001f]/.test(name)) return `${name} holds a character that Windows refuses`
  if (/[. ]$/.test(name)) return `${name} ends in a dot or space, which Windows drops`
  return undefined
}

/** Splits what stands behind a root into names; throws `bad_request` for names that lead astray. */
export function splitNames(
  text: string,
  windows: boolean,
): { readonly names: readonly string[]; readonly directory: boolean } {
  const pieces = text.split(windows ? /[\\/]/ : '/')
  // An empty piece is a doubled or final slash, and `.` is where one is already.
  const names = pieces.filter((piece) => piece !== '' && piece !== '.')
  for (const name of names) checkName(name, windows)
  const last = pieces.at(-1)
  return { names, directory: names.length === 0 || last === '' || last === '.' }
}

/** Refuses a name that is no name of a file, whatever the system: `..`, also between backslashes. */
export function checkName(name: string, windows = false): void {
  if (name === '' || name === '.' || name.includes('/')) throw refused(`"${name}" is no name of a file`)
  if (name.split('\\').includes('..'))
    throw refused('A path may not contain ".."; write the whole path without it')
  if (name.includes('\0')) throw refused('A path may not contain a NUL character')
  if (new TextEncoder().encode(name).length > maxNameLength)
    throw refused(`A name in the path is longer than ${maxNameLength} bytes: ${name.slice(0, 40)}...`)
  const reserved = windows ? reservedOnWindows(name) : undefined
  if (reserved !== undefined) throw refused(`${reserved}; choose another name`)
}
