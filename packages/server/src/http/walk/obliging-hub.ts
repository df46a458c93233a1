import { type RequestName, requests } from '@waybill/api'
import * as v from 'valibot'
import type { AgentHub } from '../../agents/hub.js'

/** Agents that are all there, and do whatever they are asked, on storage where every path is a file. */
export class ObligingHub implements AgentHub {
  /** Set by tests that need them gone. */
  online = true

  isOnline(): boolean {
    return this.online
  }

  send(): boolean {
    return true
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the seam is asynchronous
  request: AgentHub['request'] = async (_client, name, args) => {
    return v.parse(requests[name].result, answerTo(name, args))
  }
}

function answerTo(name: RequestName, args: object): unknown {
  const counted = (list: unknown, one: object): object[] =>
    Array.isArray(list) ? list.map(() => one) : [one]
  switch (name) {
    case 'measure':
      return { items: counted('items' in args && args.items, { kind: 'file', size: 5, files: 1 }) }
    case 'root.check':
      return { path: 'path' in args ? args.path : '', free: 1, writable: true }
    case 'session.open':
      return { port: 45_190, cipher: 'aes128' }
    case 'files.stat':
      return { items: counted('paths' in args && args.paths, { type: 'file', size: 5, modified: 0 }) }
    case 'files.walk':
    case 'files.next':
      return { entries: [{ type: 'file', name: 'take.mov', size: 5, modified: 0 }], size: 5, done: true }
    case 'files.delete':
      return { done: true, deleted: 1 }
    case 'files.close':
    case 'files.mkdir':
    case 'files.rename':
      return { done: true }
  }
}
