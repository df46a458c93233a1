import { lstatSync } from 'node:fs'
import { type BytePath, joinPath } from '@waybill/asc'
import type { Placed } from '../../transfer/receiving/target-task.js'
import { retryStale } from '../../transfer/target.js'

/** The directory with the history, beside the files that it is of. */
export const historyName = 'ascmhl'
export const chainName = 'ascmhl_chain.xml'

/**
 * Whether a file of the source is the chain of a history that goes on at the destination: a source brings its history
 * along once, and then the destination's own stays.
 */
export function keepsChain({ options, place }: Placed, path: BytePath): boolean {
  if (options.mhl === null || path !== `${historyName}/${chainName}`) return false
  const { tree, base } = place
  const at = () => lstatSync(tree.at(joinPath(base, path)), { throwIfNoEntry: false })
  try {
    return retryStale(tree, at)?.isFile() === true
  } catch {
    return false
  }
}
