import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WorkspaceStore } from '../store.js'
import { createSqlite, type TestDatabase } from '../testing.js'

const KILLS = 2

function fileOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}

/** A process that commits row after row; ends by itself when nobody reads what it says. */
function startWriter(path: string, from: number): ChildProcess {
  const loader = ['--conditions', '@waybill/source', '--import', fileOf('typescript-loader.mjs')]
  const script = [fileOf('writer-process.ts'), path, String(from)]
  return spawn(process.execPath, [...loader, ...script], { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Lets it commit some rows and kills it, at any point of its work; answers with the last number it said. */
async function killed(writer: ChildProcess, rows: number): Promise<number> {
  if (writer.stdout === null) throw new Error('no output')
  let last = -1
  let seen = 0
  // Also what it said between the decision and its death was committed.
  for await (const line of createInterface(writer.stdout)) {
    last = Number(line)
    seen += 1
    if (seen === rows) writer.kill('SIGKILL')
  }
  if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit')
  return last
}

describe('a process with the database open that is killed', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createSqlite()
  })
  afterAll(() => database.drop())

  it("loses nothing that it committed, leaves nothing by halves, and is in nobody's way", async () => {
    const own = database.store.workspace('w')
    let committed = 0
    for (let round = 1; round <= KILLS; round += 1) {
      const dead = killed(startWriter(database.location, committed), 100 + round * 17)
      // This process writes to the same file meanwhile.
      for (let number = 0; number < 50; number += 1) {
        const row = { workspace: 'w', ident: 'here', eid: `${round} ${number}`, created: 0, answer: null }
        await own.transaction((tx) => tx.insertInto('seen_event').values(row).execute())
      }
      const last = await dead
      const found = await rowsOf(own, 'writer')
      // The transaction after the last word may have been committed too.
      expect([last + 1, last + 2]).toContain(found.length / 2)
      committed = found.length / 2
      expect(found).toEqual(
        Array.from({ length: committed }, (_, number) => [`first ${number}`, `second ${number}`]).flat(),
      )
      expect(await rowsOf(own, 'here')).toHaveLength(50 * round)
    }
  })
})

async function rowsOf(own: WorkspaceStore, ident: string): Promise<string[]> {
  const query = own.db.selectFrom('seen_event').select('eid').where('ident', '=', ident)
  const rows = await query.orderBy('created').orderBy('eid').execute()
  return rows.map(({ eid }) => eid)
}
