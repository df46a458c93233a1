import { waitFor, waitForStatus } from '@waybill/testkit'
import { beforeAll, expect, test } from 'vitest'
import { cleanUpAfterwards, deskFile, openStudio, pausedUpload, type Studio } from '../studio.js'

let studio: Studio
cleanUpAfterwards()
beforeAll(async () => {
  studio = await openStudio()
})

test('finished jobs that are old enough move to the archive, live ones stay, and nothing is lost', async () => {
  const { admin, desk, plane } = studio
  const live = await pausedUpload(studio, 'live.bin')
  const done = await admin.create('transfer', {
    source: desk.at(await deskFile(studio, 'old.bin')),
    destination: 'volume=storage/old.bin',
  })
  await waitForStatus(admin, done.id, 'done')
  expect(await admin.find('transfer', undefined, { finished: true })).toMatchObject([{ id: done.id }])

  const setting = { entitytype: null, name: 'job_archive_days', value: '0' }
  expect(await admin.result('PUT', 'setting', { data: setting })).toBe(true)
  // What is old is looked for at every start, and now and then.
  await plane.stop()
  await plane.restart()
  const [archived] = await waitFor(
    async () => {
      const found = await admin.find('transfer', 'status=done', { archived: true })
      return found.length > 0 ? found : undefined
    },
    { what: 'the job to be archived' },
  )
  expect(archived).toMatchObject({ id: done.id, name: 'old.bin', progress: 100 })
  expect(await admin.find('transfer', undefined, { finished: true })).toEqual([])
  expect(await admin.find('transfer')).toMatchObject([{ id: live.id }])
  expect(await admin.get('transfer', done.id)).toMatchObject({ id: done.id, status: 'done' })
  expect(await admin.tasks(done.id)).toMatchObject([{ status: 'done' }])
})
