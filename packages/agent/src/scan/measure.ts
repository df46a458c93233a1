import type { RequestArgs, RequestResult } from '@waybill/api'
import { Fault, faultOf } from '../transfer/fault.js'
import { Places } from '../transfer/place.js'
import { filterOf } from './filter.js'
import { scan } from './scan.js'

export type MeasureItem = RequestArgs<'measure'>['items'][number]
export type Measured = RequestResult<'measure'>['items'][number]

/** Entries that are looked at before others get their turn: some milliseconds. */
const slice = 1000

/**
 * Size and number of files of some sources, filters applied. Never rejects for a source: one that is missing
 * or cannot be read is answered as `missing` with its reason. Memory is flat whatever the size of a tree.
 */
export async function measure(items: readonly MeasureItem[]): Promise<Measured[]> {
  const places = new Places()
  const measured: Measured[] = []
  try {
    for (const item of items) {
      try {
        measured.push(await measureOne(places, item))
      } catch (error) {
        const { code, message } = faultOf(error, 'read', `Cannot find ${item.location.path}`)
        measured.push({ kind: 'missing', code, message })
      }
    }
  } finally {
    places.close()
  }
  return measured
}

async function measureOne(places: Places, item: MeasureItem): Promise<Measured> {
  const place = places.source(item.location)
  const { kind, scanner } = scan(place, filterOf(item.include, item.exclude), { note: () => undefined })
  let size = 0
  let files = 0
  try {
    while (!scanner.done) {
      for (const entry of scanner.step(slice)) {
        if (entry.kind !== 'file') continue
        size += entry.size
        files++
      }
      await new Promise(setImmediate)
    }
  } finally {
    scanner.close()
  }
  if (kind === 'sequence' && files === 0) throw new Fault('E#J001', 'No frame of the sequence is there')
  return { kind, size, files }
}
