import { WaybillError } from '@waybill/api'

/** Time that the regular expressions of one query may take on SQLite, where they run in this process. */
const BUDGET_MS = 2000
const REMEMBERED = 1000

const spent = new Map<number, number>()
let last = 0

/** A number for one compiled query, under which its time is counted. */
export function newBudget(): number {
  last += 1
  return last
}

/** Runs `work` on a query's time; throws `timeout` once it has used all of it. */
export function onBudget<T>(budget: number, work: () => T): T {
  const before = spent.get(budget) ?? 0
  if (before > BUDGET_MS)
    throw new WaybillError(
      'timeout',
      'The regular expressions of this query take too long; narrow it down by other attributes',
    )
  const start = performance.now()
  try {
    return work()
  } finally {
    spent.set(budget, before + performance.now() - start)
    const [oldest] = spent.keys()
    if (spent.size > REMEMBERED && oldest !== undefined) spent.delete(oldest)
  }
}
