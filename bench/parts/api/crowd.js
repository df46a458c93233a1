// @ts-check
import { openStore } from '@waybill/server'
import { sql } from 'kysely'

/**
 * Makes many jobs of one, straight in the database, while no server uses it: asking for them one by one would
 * take an hour. Each has one task and metadata of its own.
 * @param {string} data the directory of the installation
 * @param {string} job id of a job with one task
 * @param {number} count
 */
export async function multiplyJob(data, job, count) {
  const store = await openStore({ data })
  const numbers = sql`WITH RECURSIVE number(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM number WHERE i < ${count})`
  // The first eight digits are the second of creation; the rest only has to differ.
  const id = sql.raw(`substr(job.id, 1, 8) || printf('%016x', i)`)
  try {
    await copyRows('job', {
      id,
      code: sql`'SH' || printf('%06d', i)`,
      name: sql`'SH' || printf('%06d', i)`,
      metadata: sql`json_object('shot', 'SH' || printf('%06d', i), 'batch', i / 1000)`,
      position: sql`job.position + i`,
    })
    await copyRows('task', {
      id: sql`printf('%08x', i) || '-0000-4000-8000-000000000000'`,
      job: sql.raw(`substr(task.job, 1, 8) || printf('%016x', i)`),
    })
  } finally {
    await store.close()
  }

  /** @param {'job' | 'task'} table @param {Record<string, import('kysely').RawBuilder<unknown>>} other */
  async function copyRows(table, other) {
    const { rows } = await sql`SELECT name FROM pragma_table_info(${table})`.execute(store.installation)
    const names = rows.map((row) => String(/** @type {{ name: string }} */ (row).name))
    const into = sql.join(names.map((name) => sql.id(name)))
    const from = sql.join(names.map((name) => other[name] ?? sql.ref(`${table}.${name}`)))
    const which = table === 'job' ? sql.ref('job.id') : sql.ref('task.job')
    await sql`${numbers} INSERT INTO ${sql.table(table)} (${into})
      SELECT ${from} FROM number, ${sql.table(table)} WHERE ${which} = ${job}`.execute(store.installation)
  }
}
