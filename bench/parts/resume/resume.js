// @ts-check
import { fileURLToPath } from 'node:url'
import { spread } from '../../measure/numbers.js'
import { startNetwork, wideArea } from '../../wan/network.js'
import { onHostA } from '../../wan/on-host-a.js'
import { cuts } from './cuts.js'

const program = fileURLToPath(new URL('on-host-a.js', import.meta.url))

const method =
  `One file of fresh data over a line of 50 ms one way and 500 Mbit/s without loss, cut when host b had received
90 % of what it receives in a transfer that nobody disturbs. "Again" is what host b received more than in that
undisturbed one, by its kernel's counters, in per cent of it: what was under way at the cut and was lost with it
counts, and so does what the two sides say to each other when they meet again. What the job's log says of its runs
stands beside it. Each file is compared by checksum in the end.`.replaceAll('\n', ' ')

/** What a transfer that was cut at 90 % sends again. @param {import('../../run.js').Options} options */
export async function resume({ rounds, quick, only, settings }) {
  const cases = Object.keys(cuts).filter((name) => only.length === 0 || only.includes(name))
  if (cases.length === 0) throw new Error(`The cases are ${Object.keys(cuts).join(', ')}`)
  const bytes = quick ? 200e6 : 2e9
  const { kind, hosts, control, down } = await startNetwork({ ...wideArea }, { changeable: true })
  try {
    const task = { hosts, control, cases, rounds, bytes, limit: quick ? 120 : 300, settings }
    /** @type {import('./on-host-a.js').CutFigures[]} */
    const rows = await onHostA(hosts.a, program, task)
    const table = {
      title: `A file of ${bytes / 1e9} GB, cut at 90 % and resumed`,
      columns: [
        '',
        'again, % of the file',
        'at most',
        'saved, as the job says, %',
        's to the end once all is back',
        'what the job says',
      ],
      rows: rows.map(({ says, again, saved, seconds, log, failure }) =>
        failure === undefined
          ? [
              says,
              spread(again).median.toFixed(2),
              spread(again).most.toFixed(2),
              spread(saved).median.toFixed(2),
              spread(seconds).median.toFixed(1),
              log.join('; '),
            ]
          : [says, '', '', '', '', `failed: ${failure}`],
      ),
    }
    return { method, network: kind, line: wideArea, bytes, settings, rows, tables: [table] }
  } finally {
    await down()
  }
}
