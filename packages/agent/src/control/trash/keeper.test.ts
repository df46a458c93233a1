import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FilePlane } from '../../files/file-plane.js'
import { IdleEngine, testResult, testSpec } from '../sessions/testing.js'
import { TrashKeeper } from './keeper.js'
import { watchTrash } from './watch.js'

const day = 86_400_000
let base: string
let root: string
let state: string
let wall: number
let steady: number
let files: FilePlane
let keepers: TrashKeeper[]
const lines: string[] = []

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'trash-'))
  root = join(base, 'root')
  state = join(base, 'state')
  mkdirSync(root)
  mkdirSync(state)
  wall = Date.parse('2026-05-01T12:00:00Z')
  steady = 0
  files = new FilePlane()
  keepers = []
  lines.length = 0
})
afterEach(async () => {
  for (const keeper of keepers) await keeper.close()
  files.close()
  rmSync(base, { recursive: true, force: true })
})

async function start(): Promise<TrashKeeper> {
  const clocks = { wall: () => wall, steady: () => steady }
  const keeper = await TrashKeeper.load(state, files, (_level, line) => lines.push(line), clocks)
  keepers.push(keeper)
  return keeper
}

/** A folder as a sync leaves it. */
function fill(name: string, keep: string | null = 'keep-30-days'): void {
  mkdirSync(join(root, '.waybill-trash', name, 'copy/deep'), { recursive: true })
  for (let i = 0; i < 120; i++) writeFileSync(join(root, '.waybill-trash', name, `copy/deep/${i}`), 'x')
  if (keep !== null) writeFileSync(join(root, '.waybill-trash', `${name}.${keep}`), '')
}
const left = () => readdirSync(join(root, '.waybill-trash')).sort()

/** Time that passes while the agent runs. */
function pass(days: number): void {
  wall += days * day
  steady += days * day
}

describe('the keeper of the trash', () => {
  it('empties folders once their days are over, those alone, and what says so along with them', async () => {
    const keeper = await start()
    keeper.use(root)
    fill('2026-05-01T120000Z')
    fill('2026-05-01T120000Z.2', 'keep-1.5-days')
    fill('2026-05-01T120001Z', 'keep-forever')
    fill('2026-05-01T120002Z', null)
    mkdirSync(join(root, '.waybill-trash/mine'))
    await keeper.look()
    expect(left()).toHaveLength(8)
    pass(1.4)
    await keeper.look()
    expect(left()).toHaveLength(8)
    pass(0.2)
    await keeper.look()
    expect(left().filter((name) => name.startsWith('2026-05-01T120000Z.2'))).toEqual([])
    pass(29)
    await keeper.look()
    expect(left()).toEqual(['2026-05-01T120001Z', '2026-05-01T120001Z.keep-forever', 'mine'])
  })

  it.each([
    ['forward', 3650],
    ['back', -3650],
  ])('keeps all when the clock jumps %s, while it runs and over a restart', async (_where, jump) => {
    const keeper = await start()
    keeper.use(root)
    fill('2026-05-01T120000Z')
    fill('2035-01-01T000000Z')
    fill('1970-01-01T000000Z')
    await keeper.look()
    wall += jump * day
    await keeper.look()
    await keeper.close()
    const next = await start()
    await next.look()
    expect(left()).toHaveLength(6)
    wall -= jump * day
    const last = await start()
    await last.look()
    expect(left()).toHaveLength(6)
    // At most three days were believed of each jump: so they go in their time.
    pass(30)
    await last.look()
    expect(left()).toEqual([])
  })

  it('counts the days that the agent was away, and remembers its roots', async () => {
    const keeper = await start()
    keeper.use(root)
    fill('2026-05-01T120000Z', 'keep-4-days')
    await keeper.look()
    await keeper.close()
    wall += 2 * day
    const second = await start()
    await second.look()
    await second.close()
    expect(left()).toHaveLength(2)
    wall += 2.5 * day
    const third = await start()
    await third.look()
    expect(left()).toEqual([])
  })

  it('starts anew, and keeps all longer, when what it remembered is damaged', async () => {
    writeFileSync(join(state, 'trash.json'), '{"watched": 9e99, "roots": [[')
    fill('2020-01-01T000000Z', 'keep-1-days')
    const keeper = await start()
    keeper.use(root)
    await keeper.look()
    expect(left()).toHaveLength(2)
    pass(1)
    await keeper.look()
    expect(left()).toEqual([])
  })

  it('follows no link, whatever is put in the way', async () => {
    mkdirSync(join(base, 'outside/2026-05-01T120000Z'), { recursive: true })
    writeFileSync(join(base, 'outside/2026-05-01T120000Z.keep-1-days'), '')
    symlinkSync(join(base, 'outside'), join(root, '.waybill-trash'))
    const keeper = await start()
    keeper.use(root)
    await keeper.look()
    pass(40)
    await keeper.look()
    await keeper.makeRoom(root)
    expect(readdirSync(join(base, 'outside'))).toHaveLength(2)
    rmSync(join(root, '.waybill-trash'))
    mkdirSync(join(root, '.waybill-trash'))
    symlinkSync(join(base, 'outside'), join(root, '.waybill-trash/2026-05-01T120000Z'))
    await keeper.look()
    pass(40)
    await keeper.look()
    expect(readdirSync(join(base, 'outside'))).toHaveLength(2)
  })

  it('keeps what it cannot look at, and goes on with the others', async () => {
    const keeper = await start()
    const gone = join(base, 'gone')
    mkdirSync(join(gone, '.waybill-trash/2026-05-01T120000Z'), { recursive: true })
    keeper.use(gone)
    keeper.use(join(base, 'never there'))
    keeper.use(root)
    fill('2026-05-01T120000Z', 'keep-1-days')
    await keeper.look()
    rmSync(gone, { recursive: true })
    pass(2)
    await keeper.look()
    expect(left()).toEqual([])
    expect(lines.some((line) => line.includes(gone))).toBe(true)
    expect(lines.some((line) => line.includes('never'))).toBe(false)
  })

  it('gives way when a disk is full, the oldest first, and nothing of today', async () => {
    const engines: IdleEngine[] = []
    const keeper = await start()
    const make = watchTrash((events) => {
      const idle = new IdleEngine(events)
      engines.push(idle)
      return idle
    }, keeper)
    const told: string[] = []
    const engine = make(
      {
        progress: () => undefined,
        manifest: () => undefined,
        results: (session) => told.push(session),
        ended: () => undefined,
      },
      () => undefined,
    )
    for (const name of ['2026-04-01T000000Z', '2026-04-02T000000Z', '2026-05-01T110000Z']) fill(name)
    await engine.open(testSpec('s', 1))
    const task = { index: 1, task: 't', size: 0, include: '', exclude: '' }
    const location = { root, path: 'copy' }
    engine.tasks('s', [{ ...task, location, options: { mode: 'onewaysync' } }])
    const fail = async () => {
      engines[0]?.events.results('s', [
        { ...testResult('t'), status: 'failed', code: 'E#J066', message: 'full' },
      ])
      await keeper.look()
    }
    await fail()
    expect(left()).toHaveLength(4)
    expect(existsSync(join(root, '.waybill-trash/2026-04-01T000000Z'))).toBe(false)
    await fail()
    await fail()
    expect(left().filter((name) => !name.includes('keep'))).toEqual(['2026-05-01T110000Z'])
    expect(told).toEqual(['s', 's', 's'])
  })
})
