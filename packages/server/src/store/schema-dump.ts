import { type Kysely, sql } from 'kysely'
import type { Schema } from './schema.js'
import type { Store } from './store.js'

/** The schema that a database has, as text that is equal for equal schemas: tables, columns, indices. */
export async function dumpSchema(store: Store): Promise<string> {
  const statements = await (store.dialect === 'sqlite' ? ofSqlite : ofPostgres)(store.installation)
  return `${statements.join('\n\n')}\n`
}

async function ofSqlite(db: Kysely<Schema>): Promise<string[]> {
  const { rows } = await sql<{ sql: string }>`
    select sql from sqlite_master
    where sql is not null and tbl_name not like 'kysely_%' and tbl_name not like 'sqlite_%'
    order by tbl_name, type desc, name`.execute(db)
  return rows.map((row) => `${readable(row.sql)};`)
}

async function ofPostgres(db: Kysely<Schema>): Promise<string[]> {
  const { rows } = await sql<{ statement: string }>`
    select statement from (
      select c.relname as tbl, 0 as rank, c.relname as name,
        'create table ' || quote_ident(c.relname) || ' (' || string_agg(
          quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
            || case when a.attcollation <> t.typcollation then ' collate ' || quote_ident(k.collname) else '' end
            || case when a.attnotnull then ' not null' else '' end
            || case when a.attidentity <> '' then ' generated always as identity' else '' end,
          ', ' order by a.attnum) || ')' as statement
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      join pg_type t on t.oid = a.atttypid
      left join pg_collation k on k.oid = a.attcollation
      where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
      group by c.relname
      union all
      select r.relname, 1, conname,
        'alter table ' || quote_ident(r.relname) || ' add constraint ' || conname || ' ' || pg_get_constraintdef(n.oid)
      from pg_constraint n join pg_class r on r.oid = n.conrelid
      where n.connamespace = 'public'::regnamespace and contype in ('p', 'f', 'u', 'c')
      union all
      select i.tablename, 2, i.indexname, replace(i.indexdef, ' ON public.', ' ON ')
      from pg_indexes i
      where i.schemaname = 'public' and not exists (select 1 from pg_constraint n where n.conname = i.indexname)
    ) as parts
    where tbl not like 'kysely_%'
    order by tbl, rank, name`.execute(db)
  return rows.map((row) => `${readable(row.statement)};`)
}

/** One column a line. */
function readable(statement: string): string {
  const table = /^(create table [^(]+)\((.*)\)( strict)?$/is.exec(statement)
  if (table === null) return statement
  const [, head = '', columns = '', end = ''] = table
  // Commas between columns, not those inside of parentheses.
  const lines = columns.split(/, (?![^(]*\))/)
  return `${head.trim()} (\n  ${lines.join(',\n  ')}\n)${end}`
}
