import { openSqlite } from './index.js'

/**
 * For kill.test.ts: commits pairs of rows to the database in the first argument, numbered from the second
 * one, and says each number on standard output once it is committed.
 */
const [, , path = '', from = '0'] = process.argv
const store = await openSqlite(path)
await store.migrate()
const workspace = store.workspace('w')
for (let created = Number(from); ; created += 1) {
  await workspace.transaction(async (tx) => {
    for (const eid of [`first ${created}`, `second ${created}`]) {
      await tx
        .insertInto('seen_event')
        .values({ workspace: 'w', ident: 'writer', eid, created, answer: null })
        .execute()
    }
  })
  process.stdout.write(`${created}\n`)
}
