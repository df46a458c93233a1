import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { cleanUpAfterwards } from '../studio.js'
import { type Cast, hasPython, openCast, runPython } from './cast.js'

let cast: Cast
cleanUpAfterwards()
beforeAll(async () => {
  if (!hasPython) return
  cast = await openCast()
  await furnish(cast)
})

test.skipIf(!hasPython)('the examples of docs/python.md run, one after the other', async () => {
  const blocks = await examples('docs/python.md')
  expect(blocks.length).toBeGreaterThan(10)
  const printed = await runPython(cast, asHere(blocks.join('\n')))
  expect(printed).toContain('TRAILER_screening_v003.mov 1 ')
  expect(printed).toMatch(/nowhere/)
})

test.skipIf(!hasPython)('the example of README.md runs', async () => {
  const [program = ''] = await examples('README.md')
  expect(await runPython(cast, asHere(program))).toMatch(/^(init|waiting|running|done)$/m)
})

/** Server, key and disk of a reader, as they are here; nothing else is changed. */
function asHere(program: string): string {
  const { key = '', local = '' } = cast.people.lisa ?? {}
  return program
    .replaceAll('wbk_...', key)
    .replaceAll('transfer.example.com', '127.0.0.1')
    .replaceAll('port=8443', `port=${cast.plane.port}`)
    .replaceAll('/Volumes/EDIT', local)
}

/** The pieces of Python in a document. */
async function examples(path: string): Promise<string[]> {
  const text = await readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')
  return [...text.matchAll(/^```python\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code)
}

/** What the examples find: a shared folder, a site with a server, files on both sides, a job of some name. */
async function furnish({ plane, people }: Cast): Promise<void> {
  const { admin, storage } = plane
  const [volume] = await admin.find('volume', 'code=storage')
  const [server] = await admin.find('server', 'code=stockholm-1')
  if (volume === undefined || server === undefined) throw new Error('There is no volume or no server')
  await admin.create('acl', {
    entity: 'user:lisa@example.com',
    target: `share:${volume.id}`,
    read: true,
    write: true,
  })
  await admin.create('folder', {
    code: 'myproject',
    name: 'My project',
    parent: volume.id,
    path: 'myproject',
  })
  const site = await admin.create('site', { code: 'stockholm' })
  await admin.edit('client', server.id, { site: site.id })
  await admin.result('PUT', 'volume/server', { id: volume.id, data: { client: server.id } })
  const stored = [
    'myproject/delivery/TRAILER_screening_v003.mov',
    '_REF/creatures_showreel_2018.mov',
    'projects/creatures/a.mov',
    'projects/showreel_2018.mov',
  ]
  const local = ['A001.mov', 'A002.mov', 'A001_C011.mov'].map((name) => join(people.lisa?.local ?? '', name))
  for (const path of [...stored.map((name) => join(storage, name)), ...local]) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, 'content')
  }
  const lisa = plane.as('lisa@example.com', people.lisa?.key ?? '')
  await lisa.create('transfer', {
    name: 'x and y.png',
    source: 'share=myproject/delivery/TRAILER_screening_v003.mov',
    destination: join(people.lisa?.local ?? '', 'x and y.png'),
    status: 'paused',
  })
}
