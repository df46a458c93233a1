import { parentPort, workerData } from 'node:worker_threads'
import { toWaybillError } from '@waybill/api'
import type { FromWorker, ToWorker, WorkerData } from './calls.js'
import { Engine } from './engine.js'

/** The data thread: one engine, driven by messages. */
function serve(port: NonNullable<typeof parentPort>): void {
  const post = (message: FromWorker) => port.postMessage(message)
  // Given by plane.ts.
  const { options } = workerData as WorkerData
  const engine = new Engine(
    {
      progress: (session, progress) => post({ type: 'progress', session, progress }),
      manifest: (session, ranges) => post({ type: 'manifest', session, ranges }),
      results: (session, results) => post({ type: 'results', session, results }),
      ended: (session, end) => post({ type: 'ended', session, end }),
    },
    options,
  )
  port.on('message', (message: ToWorker) => {
    const run = async () => {
      try {
        post({ type: 'reply', id: message.id, result: await call(engine, message) })
      } catch (error) {
        const { code, message: words } = toWaybillError(error)
        post({ type: 'failed', id: message.id, code, message: words })
      }
    }
    void run()
  })
}

function call(engine: Engine, message: ToWorker): unknown {
  switch (message.method) {
    case 'open':
      return engine.open(...message.args)
    case 'tasks':
      return engine.tasks(...message.args)
    case 'cancel':
      return engine.cancel(...message.args)
    case 'rate':
      return engine.rate(...message.args)
    case 'finish':
      return engine.finish(...message.args)
    case 'stop':
      return engine.stop(...message.args)
    case 'measure':
      return engine.measure(...message.args)
    case 'close':
      return engine.close()
  }
}

if (parentPort !== null) serve(parentPort)
