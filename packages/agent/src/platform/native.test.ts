import { constants } from 'node:os'
import { expect, it } from 'vitest'
import { cLibrary } from './native.js'

it('calls the C library where it can be reached, and says what went wrong', () => {
  const library = cLibrary()
  if (library === undefined) return
  expect(library.find('int getpid()')?.()).toBe(process.pid)
  expect(library.find('int close(int fd)')?.(-1)).toBe(-1)
  expect(library.errno()).toBe(constants.errno.EBADF)
})

it('knows no function that is not there', () => {
  expect(cLibrary()?.find('int no_such_function_anywhere(int fd)')).toBeUndefined()
})
