import { newId } from '@waybill/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createKey } from '../access/keys.js'
import { toStoreError, uniqueViolation } from './faults.js'
import type { Store, WorkspaceStore } from './store.js'
import { type TestDatabase, testDatabases } from './testing.js'

const setting = { entitytype: 'job', entity: 'j', value: 'v' }

describe.each(testDatabases())('the store on $name', (kind) => {
  describe.skipIf(kind.missing)('keeps its promises', () => {
    let database: TestDatabase
    let store: Store
    let own: WorkspaceStore
    beforeAll(async () => {
      database = await kind.create()
      store = database.store
      own = store.workspace('w1')
    })
    afterAll(() => database.drop())

    const put = (name: string, value = 'v', db = own.db) =>
      db
        .insertInto('setting')
        .values({ ...setting, id: newId(), workspace: 'w1', name, value })
        .execute()
    const get = async (name: string, db = own.db) =>
      (await db.selectFrom('setting').select('value').where('name', '=', name).executeTakeFirst())?.value
    const add = async (name: string, db: typeof own.db) => {
      const value = Number(await get(name, db)) + 1
      await db
        .updateTable('setting')
        .set({ value: String(value) })
        .where('name', '=', name)
        .execute()
    }

    it('says how many rows were changed, and gives what they return', async () => {
      await put('counted-1')
      await put('counted-2')
      const change = own.db
        .updateTable('setting')
        .set({ value: 'x' })
        .where('name', 'in', ['counted-1', 'counted-2', 'no'])
      expect((await change.executeTakeFirst()).numUpdatedRows).toBe(2n)
      expect(await change.returning('value').execute()).toEqual([{ value: 'x' }, { value: 'x' }])
      const remove = own.db.deleteFrom('setting').where('name', '=', 'counted-1')
      expect((await remove.executeTakeFirst()).numDeletedRows).toBe(1n)
    })

    it('keeps workspaces apart', async () => {
      const other = store.workspace('w2')
      await put('apart', 'mine')
      await other.db
        .insertInto('setting')
        .values({ ...setting, id: newId(), workspace: 'w2', name: 'apart', value: 'theirs' })
        .execute()
      await other.db.updateTable('setting').set({ value: 'changed' }).execute()
      expect(await get('apart')).toBe('mine')
      expect(await get('apart', other.db)).toBe('changed')
      await other.db.deleteFrom('setting').execute()
      expect(await get('apart')).toBe('mine')
    })

    it('commits what succeeds and undoes what fails', async () => {
      await own.transaction((tx) => put('committed', 'yes', tx))
      const failed = own.transaction(async (tx) => {
        await put('undone', 'yes', tx)
        throw new Error('on purpose')
      })
      await expect(failed).rejects.toThrow('on purpose')
      expect([await get('committed'), await get('undone')]).toEqual(['yes', undefined])
    })

    it('goes on after a statement that failed, within and after the transaction', async () => {
      await put('taken')
      const failed = own.transaction((tx) => put('taken', 'again', tx))
      await expect(failed).rejects.toMatchObject({ code: 'duplicate' })
      await own.transaction((tx) => put('after-failure', 'yes', tx))
      expect(await get('after-failure')).toBe('yes')
    })

    it('shows nobody what is not committed, and all what is', async () => {
      await put('seen', 'before')
      await own.transaction(async (tx) => {
        await tx.updateTable('setting').set({ value: 'after' }).where('name', '=', 'seen').execute()
        expect(await get('seen', tx)).toBe('after')
        // A read beside the open transaction: it neither waits nor sees.
        expect(await get('seen')).toBe('before')
      })
      expect(await get('seen')).toBe('after')
    })

    it('loses no change when transactions collide', async () => {
      await put('counter', '0')
      const twin = (await database.reopen()).workspace('w1')
      const all = Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? own : twin).transaction((tx) => add('counter', tx)),
      )
      await Promise.all(all)
      expect(await get('counter')).toBe('20')
    })

    it('lets a hundred through that all change the same row', async () => {
      await put('crowded', '0')
      const one = () => own.transaction((tx) => add('crowded', tx))
      await Promise.all(Array.from({ length: 100 }, one))
      expect(await get('crowded')).toBe('100')
    })

    it('lets no two transactions decide on what each other change', async () => {
      await put('on-call-1', 'yes')
      await put('on-call-2', 'yes')
      const leave = (name: string) =>
        own.transaction(async (tx) => {
          const onCall = await tx
            .selectFrom('setting')
            .select('name')
            .where('name', 'like', 'on-call-%')
            .where('value', '=', 'yes')
            .execute()
          if (onCall.length < 2) return
          await tx.updateTable('setting').set({ value: 'no' }).where('name', '=', name).execute()
        })
      await Promise.all([leave('on-call-1'), leave('on-call-2')])
      expect([await get('on-call-1'), await get('on-call-2')].sort()).toEqual(['no', 'yes'])
    })

    it('refuses what would wait for itself', async () => {
      const nested = own.transaction(() => own.transaction(() => Promise.resolve()))
      await expect(nested).rejects.toThrow(/within a transaction/)
    })

    it('names the unique index that refused', async () => {
      await put('unique')
      const error: unknown = await put('unique').catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({
        code: 'duplicate',
        message: expect.stringContaining('setting') as string,
      })
      expect(uniqueViolation(error)).toEqual({
        table: 'setting',
        columns: ['workspace', 'entitytype', 'entity', 'name'],
      })
      expect(uniqueViolation(new Error('else'))).toBeUndefined()
      expect(toStoreError('else')).toBe('else')
    })

    it('refuses a row whose owner is not there', async () => {
      const log = { id: newId(), workspace: 'w1', job: newId(), task: null, level: 'info' as const }
      const orphan = own.db.insertInto('log').values({ ...log, code: null, message: '', created: 1 })
      await expect(orphan.execute()).rejects.toMatchObject({ code: 'conflict' })
    })

    it('takes what is owned away with its owner', async () => {
      const { id } = await createKey(store, 'owner@example.com')
      const key = store.installation.selectFrom('api_key').select('id').where('id', '=', id)
      expect(await key.execute()).toEqual([{ id }])
      await store.installation.deleteFrom('account').where('email', '=', 'owner@example.com').execute()
      expect(await key.execute()).toEqual([])
    })

    it.each([
      ['NUL', 'a\0b'],
      ['NUL in JSON that is text', 'x\0'],
    ])('refuses text with %s', async (_, value) => {
      await expect(put(`nul ${newId()}`, value)).rejects.toMatchObject({ code: 'bad_request' })
      await expect(own.transaction((tx) => put(`nul ${newId()}`, value, tx))).rejects.toMatchObject({
        code: 'bad_request',
      })
    })

    it('keeps text and numbers as they are', async () => {
      const texts = ['', ' ', "it's", 'Grüße – ÄÖÜß', '🎬🇸🇪', '\\u0000', 'a\nb\r\n\tc', 'x'.repeat(5_000_000)]
      for (const [index, value] of texts.entries()) {
        await put(`text-${index}`, value)
        expect((await get(`text-${index}`)) === value).toBe(true)
      }
      const seen = { workspace: 'w1', ident: 'number', answer: null }
      const numbers = [0, -1, 2 ** 31, 1_790_000_000_000, Number.MAX_SAFE_INTEGER]
      for (const created of numbers) {
        const row = { ...seen, eid: String(created), created }
        await own.db.insertInto('seen_event').values(row).execute()
        const query = own.db
          .selectFrom('seen_event')
          .select(['created', (eb) => eb.fn.countAll<number>().over().as('n')])
        expect(await query.where('eid', '=', row.eid).execute()).toEqual([{ created, n: 1 }])
      }
    })

    it('refuses half a millisecond', async () => {
      const row = { workspace: 'w1', ident: 'half', eid: 'half', created: 0.5, answer: null }
      await expect(own.db.insertInto('seen_event').values(row).execute()).rejects.toThrow()
    })

    it('pages by key in the order of code points', async () => {
      const names = [
        'b',
        'A',
        'a',
        'Z',
        'ä',
        'Ä',
        '_',
        '-',
        '10',
        '9',
        ' ',
        'ß',
        'é',
        'z',
        '\u{1f3ac}',
        '\uffee',
      ]
      for (const eid of names) {
        await own.db
          .insertInto('seen_event')
          .values({ workspace: 'w1', ident: 'page', eid, created: 1, answer: null })
          .execute()
      }
      const paged: string[] = []
      for (;;) {
        const page = await own.db
          .selectFrom('seen_event')
          .select('eid')
          .where('ident', '=', 'page')
          .where('eid', '>', paged.at(-1) ?? '')
          .orderBy('eid')
          .limit(3)
          .execute()
        if (page.length === 0) break
        paged.push(...page.map(({ eid }) => eid))
      }
      const inOrder = [...names].sort((a, b) => (a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0))
      expect(paged).toEqual(inOrder)
    })

    it('numbers events upwards and never twice', async () => {
      const event = {
        workspace: 'w1',
        entitytype: 'job',
        entity: 'j',
        change: 'created' as const,
        created: 1,
      }
      const insert = () => own.db.insertInto('event').values(event).returning('seq').executeTakeFirstOrThrow()
      const first = await insert()
      await own.db.deleteFrom('event').execute()
      expect((await insert()).seq).toBeGreaterThan(first.seq)
    })
  })
})
