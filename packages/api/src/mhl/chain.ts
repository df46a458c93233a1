import { xmlText } from './xml.js'

/** A generation of an ASC MHL history, as its chain file lists it. */
export interface ChainEntry {
  readonly number: number
  /** Name of the hash list's file. */
  readonly path: string
  /** The C4 ID of that file. */
  readonly c4: string
}

/** The chain file `ascmhl_chain.xml`, version 2.0. */
export function printChain(entries: readonly ChainEntry[]): string {
  const lists = entries.map(
    ({ number, path, c4 }) => `  <hashlist sequencenr="${number}">
    <path>${xmlText(path)}</path>
    <c4>${xmlText(c4)}</c4>
  </hashlist>
`,
  )
  return `<?xml version="1.0" encoding="UTF-8"?>
<ascmhldirectory xmlns="urn:ASC:MHL:DIRECTORY:v2.0">
${lists.join('')}</ascmhldirectory>
`
}
