import { resolve, sep } from 'node:path'

/**
 * A source or destination as the server is to read it. Paths that start with `./` or `../` mean a place on this
 * machine and are made absolute; everything else is the server's notation already and is left alone: an
 * absolute path without a party means the caller's own machine unless it lies beneath a volume.
 */
export function localPath(text: string, directory: string): string {
  if (!/^\.{1,2}(?:[/\\]|$)/.test(text)) return text
  const absolute = resolve(directory, text)
  // A trailing slash says "into this directory", which resolving would lose.
  return /[/\\]$/.test(text) && !absolute.endsWith(sep) ? absolute + sep : absolute
}

/** Whether a text could be meant as a place on this machine although the server will read it as another. */
export function looksLocal(text: string): boolean {
  return !/^(?:[/\\~]|[A-Za-z]:[/\\]|\.{1,2}(?:[/\\]|$))/.test(text) && !/[=:@]/.test(text)
}
