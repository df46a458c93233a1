import { expect, it, vi } from 'vitest'
import { newBudget, onBudget } from './budget.js'

it('stops a query whose patterns took too long, and only that one', () => {
  const clock = vi.spyOn(performance, 'now')
  const budget = newBudget()
  const slow = (): boolean => {
    clock.mockReturnValueOnce(0).mockReturnValueOnce(900)
    return onBudget(budget, () => true)
  }
  expect([slow(), slow(), slow()]).toEqual([true, true, true])
  expect(slow).toThrow(expect.objectContaining({ code: 'timeout' }))
  clock.mockRestore()
  expect(onBudget(newBudget(), () => 5)).toBe(5)
})
