import { parentPort } from 'node:worker_threads'
import { DirectoryTree } from '../../platform/directory-tree.js'
import { errno } from '../fault.js'
import { type Move, moveAll } from './moves.js'

/** What the thread is asked, and answers. Ours alone, so it is typed, not checked. */
export interface ToMover {
  readonly id: number
  readonly root: string
  readonly moves: readonly Move[]
}
export interface FromMover {
  readonly id: number
  /** What went wrong, by the position of the move; errors lose their codes between threads. */
  readonly failed: readonly { readonly index: number; readonly code: string; readonly message: string }[]
}

/** Holds the tree no longer than for one group: nothing may keep a file system from being unmounted. */
function move(root: string, moves: readonly Move[]): FromMover['failed'] {
  const tree = new DirectoryTree(root)
  try {
    return [...moveAll(tree, moves)].map(([index, error]) => ({ index, ...plain(error) }))
  } finally {
    tree.close()
  }
}

function plain(error: unknown): { code: string; message: string } {
  return { code: errno(error), message: error instanceof Error ? error.message : String(error) }
}

function serve(port: NonNullable<typeof parentPort>): void {
  port.on('message', ({ id, root, moves }: ToMover) => {
    let failed: FromMover['failed']
    try {
      failed = move(root, moves)
    } catch (error) {
      failed = moves.map((_, index) => ({ index, ...plain(error) }))
    }
    const answer: FromMover = { id, failed }
    port.postMessage(answer)
  })
}

if (parentPort !== null) serve(parentPort)
