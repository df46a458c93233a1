import { blockBytes, blockEnd, blockRun, blockSizes } from '@waybill/asc'
import { hash128 } from '../hash.js'
import type { OlderFile } from './older-file.js'

/** Bytes that are read and cut at a time: less than a millisecond of work between two turns of the event loop. */
const step = 1024 * 1024

/**
 * Cuts a file into blocks, and tells their lengths and digests in frames of up to `blockRun`. Answers false when it
 * ended early: it could not be read to the end, or `go` said so, which is asked before each step.
 */
export async function tellBlocks(
  file: OlderFile,
  tell: (blocks: Buffer) => void,
  go: () => Promise<boolean>,
): Promise<boolean> {
  const sizes = blockSizes(file.size)
  const buffer = Buffer.allocUnsafeSlow(Math.max(step, sizes.max) + sizes.max)
  let run = Buffer.allocUnsafe(blockRun * blockBytes)
  let used = 0
  // What of the buffer is not cut yet.
  let filled = 0
  for (let read = 0; read < file.size; ) {
    if (!(await go())) return false
    const length = Math.min(buffer.length - filled, file.size - read)
    if (!(await file.read(buffer, filled, length, read))) return false
    read += length
    filled += length
    // A block that ends where the buffer ends may go on in the file.
    const until = read === file.size ? filled : filled - sizes.max
    let start = 0
    while (start < until) {
      const end = blockEnd(buffer, start, filled, sizes)
      run.writeUInt32LE(end - start, used)
      hash128(buffer.subarray(start, end)).copy(run, used + 4, 0, blockBytes - 4)
      used += blockBytes
      start = end
      if (used < run.length) continue
      tell(run)
      run = Buffer.allocUnsafe(blockRun * blockBytes)
      used = 0
    }
    buffer.copyWithin(0, start, filled)
    filled -= start
  }
  if (used > 0) tell(run.subarray(0, used))
  return true
}
