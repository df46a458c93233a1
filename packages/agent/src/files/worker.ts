import { parentPort } from 'node:worker_threads'
import { WaybillError } from '@waybill/api'
import { clock, type FromFileThread, type ToFileThread } from './calls.js'
import { FileDesk } from './desk.js'
import { fileFailure } from './failure.js'

/** The thread of one root: does one thing after the other, for as long as its storage takes. */
function serve(port: NonNullable<typeof parentPort>): void {
  const desk = new FileDesk()
  port.on('message', (message: ToFileThread) => {
    port.postMessage(answer(desk, message))
  })
}

function answer(desk: FileDesk, { id, name, args, until }: ToFileThread): FromFileThread {
  try {
    // Whoever asked was told that nothing came of it: a change must not be made after all.
    if (clock() > until) throw new WaybillError('timeout', 'the storage did not get to it in time')
    return { id, result: desk.perform(name, args) }
  } catch (error) {
    const { code, message } = fileFailure(error)
    return { id, code, message }
  }
}

if (parentPort !== null) serve(parentPort)
