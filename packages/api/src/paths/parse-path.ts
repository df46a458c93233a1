import { maxPathLength, refused, splitNames } from './names.js'
import { type PathNotation, type PathText, type ShareNotation, shareNotations } from './notation.js'
import { type PartyOptions, parseParty } from './parse-party.js'
import { parseSequence } from './sequence.js'

/**
 * Reads `<party>:<path>`; see notation.ts for the forms. Whether the party and the share exist, and who may
 * use them, is for others to say.
 *
 * @throws WaybillError `bad_request`, saying what to write instead
 */
export function parsePath(text: string, options: PartyOptions = {}): PathText {
  if (text.trim() === '')
    throw refused('The path is empty; write for example volume=(default)/directory/file')
  if (text.length > maxPathLength) throw refused(`The path is longer than ${maxPathLength} characters`)
  if (text.includes('\0')) throw refused('A path may not contain a NUL character')
  if (startsPath(text)) return { party: undefined, path: readPath(text) }
  const found = parseParty(text, options)
  if (found === undefined) return { party: undefined, path: readPath(text) }
  const { party, rest } = found
  return { party, path: rest === '' ? undefined : readPath(rest) }
}

const SHARE = new RegExp(`^(${shareNotations.join('|')})[=:]`, 'i')
const DRIVE = /^([a-z]):(?:$|[\\/])/i
const UNC = /^[\\/]{2}([^\\/]+)[\\/]([^\\/]+)(?:$|[\\/])/
const HOME = /^~(?:$|[\\/])/

/** Whether a text is surely a path and no party, however many colons follow. */
function startsPath(text: string): boolean {
  return (
    SHARE.test(text) ||
    /^[/\\]/.test(text) ||
    /^\.\.?(?:$|[\\/])/.test(text) ||
    HOME.test(text) ||
    /^[a-z]:/i.test(text)
  )
}

function readPath(text: string): PathNotation {
  const share = SHARE.exec(text)
  if (share !== null) return readShare(share[1] ?? '', text.slice(share[0].length))
  const drive = DRIVE.exec(text)
  if (drive !== null)
    return absolute(`${(drive[1] ?? '').toUpperCase()}:\\`, text.slice(drive[0].length), true)
  if (/^[a-z]:/i.test(text)) {
    const rest = text.slice(2)
    throw refused(
      `${text} depends on the drive's current directory; write ${text.slice(0, 2)}\\${rest}, or ./${text} for a file of that name`,
    )
  }
  const unc = text.startsWith('\\\\') ? UNC.exec(text) : null
  if (unc !== null) return absolute(`\\\\${unc[1] ?? ''}\\${unc[2] ?? ''}\\`, text.slice(unc[0].length), true)
  if (text.startsWith('\\')) throw refused(`${text} lacks a drive; write it as C:${text}`)
  if (text.startsWith('/')) return absolute('/', text.slice(1), false)
  const home = HOME.exec(text)
  if (home !== null) return { kind: 'home', ...withSequence(text.slice(1), text[1] === '\\') }
  return { kind: 'relative', ...withSequence(text, false) }
}

function absolute(root: string, rest: string, windows: boolean): PathNotation {
  if (windows && /(^|\\)\.{1,2}\\/.test(root)) throw refused('A path may not contain ".."')
  return { kind: 'absolute', root, ...withSequence(rest, windows) }
}

/** A share's code ends at the first slash; a backslash there says that the path is written as on Windows. */
function readShare(type: string, text: string): PathNotation {
  const end = text.search(/[\\/]/)
  const code = end < 0 ? text : text.slice(0, end)
  const share =
    shareNotations.find((each) => each === type.toLowerCase()) ?? ('share' satisfies ShareNotation)
  if (code.trim() === '') throw refused(`The code is missing after ${share}=; write ${share}=code/path`)
  if (/[*?"<>|]/.test(code) || code === '..' || code === '.')
    throw refused(`${code} is no code of a share; write ${share}=code/path`)
  const rest = end < 0 ? '' : text.slice(end + 1)
  return { kind: 'share', share, code, ...withSequence(rest, text[end] === '\\') }
}

function withSequence(text: string, windows: boolean) {
  const split = splitNames(text, windows)
  const last = split.directory ? undefined : split.names.at(-1)
  const sequence = last === undefined ? undefined : parseSequence(last)
  return { ...split, ...(sequence === undefined ? {} : { sequence }) }
}
