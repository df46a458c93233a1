import { randomUUID } from 'node:crypto'
import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { isUuid } from '@waybill/api'
import type { Log } from '../session-engine.js'
import { writeAtomically } from './files.js'

/** What is known of a server's certificate: that public authorities vouch for it, or its fingerprint. */
export type Pin = 'verified' | (string & {})

interface Content {
  readonly machine: string
  readonly pins: Readonly<Record<string, Pin>>
}

/** What an agent keeps in `agent.json` between its runs: who it is, and whom it trusts. */
export class Identity {
  private constructor(
    readonly file: string,
    private content: Content,
  ) {}

  static async load(directory: string, log: Log): Promise<Identity> {
    const file = join(directory, 'agent.json')
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    })
    const content = text === undefined ? undefined : parse(text)
    if (content !== undefined) return new Identity(file, content)
    if (text !== undefined) {
      await rename(file, `${file}.damaged`)
      log('warning', `${file} could not be read and was set aside; this agent starts with a new identity`)
    }
    const fresh = new Identity(file, { machine: randomUUID(), pins: {} })
    await fresh.save()
    return fresh
  }

  /** Id of this installation, a UUID. */
  get machine(): string {
    return this.content.machine
  }

  /** What was remembered of the server at `host:port`. */
  pin(server: string): Pin | undefined {
    return this.content.pins[server]
  }

  async remember(server: string, pin: Pin): Promise<void> {
    if (this.pin(server) === pin) return
    this.content = { ...this.content, pins: { ...this.content.pins, [server]: pin } }
    await this.save()
  }

  private async save(): Promise<void> {
    await writeAtomically(this.file, `${JSON.stringify(this.content, undefined, 2)}\n`)
  }
}

function parse(text: string): Content | undefined {
  try {
    const json: unknown = JSON.parse(text)
    if (typeof json !== 'object' || json === null || !('machine' in json)) return undefined
    if (!isUuid(json.machine)) return undefined
    const pins = 'pins' in json && typeof json.pins === 'object' && json.pins !== null ? json.pins : {}
    const known = Object.entries(pins).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    )
    return { machine: json.machine, pins: Object.fromEntries(known) }
  } catch {
    return undefined
  }
}
