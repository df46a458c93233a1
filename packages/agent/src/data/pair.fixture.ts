import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type GivenOptions,
  type ManifestLine,
  type PreviewLine,
  parseManifestLine,
  parsePreviewLine,
  type SessionEnd,
  type SessionProgress,
  type SessionSpec,
  type SessionTask,
  type TaskResult,
} from '@waybill/api'
import { encode, protocolVersion } from '@waybill/asc'
import type { ManifestRange } from '../manifest/record.js'
import { Engine, type EngineOptions } from './engine.js'

/** One engine with all that it told. */
export class Side {
  readonly engine: Engine
  readonly results: TaskResult[] = []
  readonly manifest: ManifestLine[] = []
  /** What dry runs found. */
  readonly preview: PreviewLine[] = []
  readonly ends = new Map<string, SessionEnd>()
  readonly progress = new Map<string, SessionProgress>()
  #watchers: (() => void)[] = []

  constructor(options: EngineOptions = {}) {
    this.engine = new Engine(
      {
        progress: (session, progress) => {
          this.progress.set(session, progress)
          this.#wake()
        },
        manifest: (_session, ranges) => {
          for (const line of ranges.flatMap(linesOf)) {
            if ('state' in line) this.manifest.push(line)
            else this.preview.push(line)
          }
        },
        results: (_session, results) => {
          this.results.push(...results)
          this.#wake()
        },
        ended: (session, end) => {
          this.ends.set(session, end)
          this.#wake()
        },
      },
      options,
    )
  }

  /** Waits until something that was told makes `look` answer. */
  async until<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      await new Promise<void>((resolve) => {
        this.#watchers.push(resolve)
      })
    }
  }

  ended(session: string): Promise<SessionEnd> {
    return this.until(() => this.ends.get(session))
  }

  result(task: string): Promise<TaskResult> {
    return this.until(() => this.results.find((result) => result.task === task))
  }

  #wake(): void {
    for (const wake of this.#watchers.splice(0)) wake()
  }
}

function linesOf({ file, from, to }: ManifestRange): (ManifestLine | PreviewLine)[] {
  if (file === null) throw new Error('A part of the manifest was lost')
  const lines = readFileSync(file).subarray(from, to).toString().trimEnd().split('\n')
  return lines.flatMap((line) => {
    const parsed = parseManifestLine(line) ?? parsePreviewLine(line)
    // Where the files of a task go.
    if (/^\[\d+,"\/\w+",0\]$/.test(line)) return []
    if (parsed === undefined) throw new Error(`Not a line of a manifest: ${line}`)
    return parsed
  })
}

export interface OpenPair {
  readonly session: string
  readonly port: number
  readonly sender: SessionSpec
  readonly receiver: SessionSpec
}

/** Specs of the two sides of a session, as the control plane would make them; the port comes later. */
export function specs(
  options: {
    listener?: 'send' | 'receive'
    connections?: SessionSpec['connections']
    transport?: SessionSpec['transport']
    rate?: number
    cipher?: 'aes128' | 'aes256'
  } = {},
): { sender: SessionSpec; receiver: SessionSpec } {
  const { listener = 'receive', connections = 2, rate = -1, cipher = 'aes128', transport } = options
  const session = randomUUID()
  const spec = (role: 'send' | 'receive'): SessionSpec => ({
    session,
    lease: 1,
    job: 'job',
    role,
    link:
      role === listener
        ? { kind: 'listen', ports: [0, 0] }
        : { kind: 'connect', addresses: ['127.0.0.1'], port: 0 },
    identity: `link-${session}`,
    key,
    cipher,
    connections,
    rate,
    ...(transport !== undefined && { transport }),
  })
  const key = randomBytes(32).toString('base64')
  return { sender: spec('send'), receiver: spec('receive') }
}

/** Opens both sides of a session. */
export async function openPair(
  from: Side,
  to: Side,
  options: Parameters<typeof specs>[0] = {},
): Promise<OpenPair> {
  const { sender, receiver } = specs(options)
  const listens = sender.link.kind === 'listen' ? sender : receiver
  const connects = sender.link.kind === 'listen' ? receiver : sender
  const [listening, connecting] = listens === sender ? [from, to] : [to, from]
  const { port } = await listening.engine.open(listens)
  if (port === null) throw new Error('The listener has no port')
  await connecting.engine.open(withPort(connects, port))
  return { session: sender.session, port, sender, receiver }
}

export function withPort(spec: SessionSpec, port: number): SessionSpec {
  if (spec.link.kind !== 'connect') return spec
  return { ...spec, link: { ...spec.link, port } }
}

/** What a sender that connects says first. */
export const hello = encode({
  type: 'hello',
  version: protocolVersion,
  role: 'send',
  index: 0,
  transport: 'tcp',
  datagram: 0,
})

let lastIndex = 0

/** One task, as each side is told it. */
export function makeTask(
  source: string,
  target: string,
  roots: { from?: string; to?: string; include?: string; exclude?: string; options?: GivenOptions } = {},
): { source: SessionTask; target: SessionTask; id: string } {
  const index = ++lastIndex
  const id = `task-${index}`
  const { include = '', exclude = '', options } = roots
  const base = { index, task: id, size: 0, include, exclude, ...(options && { options }) }
  return {
    id,
    source: { ...base, location: { root: roots.from ?? null, path: source } },
    target: { ...base, location: { root: roots.to ?? null, path: target } },
  }
}

/** Sends one thing from one side to the other in a session of its own; answers with its result. */
export async function copy(
  from: Side,
  to: Side,
  source: string,
  target: string,
  options: Parameters<typeof specs>[0] & Parameters<typeof makeTask>[2] = {},
): Promise<TaskResult> {
  const pair = await openPair(from, to, options)
  const task = makeTask(source, target, options)
  from.engine.tasks(pair.session, [task.source])
  to.engine.tasks(pair.session, [task.target])
  const result = await to.result(task.id)
  from.engine.finish(pair.session)
  to.engine.finish(pair.session)
  await Promise.all([from.ended(pair.session), to.ended(pair.session)])
  return result
}

/** A directory that `remove` takes away again. */
export function temporaryDirectory(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'waybill-asc-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
