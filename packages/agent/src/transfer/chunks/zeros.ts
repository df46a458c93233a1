import { ZeroDigests } from '@waybill/asc'
import { hash128 } from '../hash.js'

const digests = new ZeroDigests(hash128)
const zeros = Buffer.alloc(64 * 1024)
/** What file systems allocate space in, as a rule. */
const block = 4096
/** Shorter stretches of zeros are written like data: a hole would cost more than it saves. */
const leastHole = 16 * 1024

/** The digest of `length` zeros, at most those of the largest chunk. */
export function zeroDigest(length: number): Buffer {
  return digests.of(length)
}

/** Whether there is nothing but zeros from `from` to `until`. Looks at both ends first, so data costs nothing. */
export function isZero(data: Buffer, from = 0, until = data.length): boolean {
  if (data[from] !== 0 || data[until - 1] !== 0) return false
  for (let at = from; at < until; at += zeros.length) {
    const length = Math.min(zeros.length, until - at)
    if (data.compare(zeros, 0, length, at, at + length) !== 0) return false
  }
  return true
}

/** What of `data` is to be written to a file that has a hole in its place: all but longer stretches of zeros. */
export function dataRuns(data: Buffer): readonly { readonly from: number; readonly until: number }[] {
  const runs: { from: number; until: number }[] = []
  let from = 0
  let dataEnd = 0
  for (let at = 0; at < data.length; at += block) {
    const until = Math.min(at + block, data.length)
    if (isZero(data, at, until)) continue
    if (at - dataEnd >= leastHole) {
      if (dataEnd > from) runs.push({ from, until: dataEnd })
      from = at
    }
    dataEnd = until
  }
  // The last bytes too, should they be zeros and few.
  if (data.length - dataEnd < leastHole) dataEnd = data.length
  if (dataEnd > from) runs.push({ from, until: dataEnd })
  return runs
}
