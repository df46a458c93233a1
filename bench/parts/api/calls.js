// @ts-check

import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:https'

/** @typedef {import('@waybill/testkit').WireAccess} WireAccess */

/**
 * Sends events as clients do, over TLS; on connections that are kept, or on a new one for each call, which is
 * what scripts do.
 */
export class Caller {
  /** @param {WireAccess} access @param {{ keep?: number }} [options] */
  constructor(access, { keep = 0 } = {}) {
    this.access = access
    this.agent =
      keep > 0
        ? new Agent({ keepAlive: true, maxSockets: keep, rejectUnauthorized: false })
        : new Agent({ maxCachedSessions: 0, rejectUnauthorized: false })
    const part = (/** @type {string} */ text) => Buffer.from(text).toString('base64')
    this.headers = {
      Authorization: `basic ${part(access.user)}:${part(access.apiKey)}`,
      'X-Accsyn-Workspace': access.workspace,
      'X-Accsyn-Device': 'Benchmark',
    }
  }

  /**
   * @param {string} uri
   * @param {Record<string, unknown>} fields
   * @returns {Promise<any>} what stands under `result`
   */
  get(uri, fields) {
    const { workspace, user } = this.access
    const event = { audience: 'api', workspace, ident: user, eid: randomUUID(), uri, ...fields }
    const url = `${this.access.url}/api/v3/event?${encodeURIComponent(JSON.stringify(event))}`
    return new Promise((resolve, reject) => {
      const outgoing = request(url, { agent: this.agent, headers: this.headers }, (incoming) => {
        /** @type {Buffer[]} */
        const chunks = []
        incoming.on('data', (chunk) => chunks.push(chunk))
        incoming.once('error', reject)
        incoming.once('end', () => {
          const body = JSON.parse(Buffer.concat(chunks).toString())
          if ('message' in body) reject(new Error(body.message))
          else resolve(body.result)
        })
      })
      outgoing.once('error', reject)
      outgoing.end()
    })
  }

  close() {
    this.agent.destroy()
  }
}

/**
 * Times of `tries` calls one after the other, after some that are not counted. Milliseconds.
 * @param {number} tries
 * @param {(index: number) => unknown} call
 */
export async function timesOf(tries, call) {
  for (let index = 0; index < Math.min(5, tries); index += 1) await call(index)
  const times = []
  for (let index = 0; index < tries; index += 1) {
    const begin = performance.now()
    await call(index)
    times.push(performance.now() - begin)
  }
  return times
}

/**
 * How many calls a second some callers get done, each of them one after the other.
 * @param {{ callers: number, seconds: number, call: (index: number) => Promise<unknown> }} load
 */
export async function throughput({ callers, seconds, call }) {
  /** @type {number[]} */
  const times = []
  const begin = performance.now()
  const end = begin + seconds * 1000
  const run = async (/** @type {number} */ first) => {
    for (let index = first; performance.now() < end; index += callers) {
      const before = performance.now()
      await call(index)
      times.push(performance.now() - before)
    }
  }
  await Promise.all(Array.from({ length: callers }, (_, index) => run(index)))
  return { perSecond: times.length / ((performance.now() - begin) / 1000), times }
}
