import { expect, test } from 'vitest'
import { localPath, looksLocal } from './local-path.js'

test('relative paths that start with a dot are places on this machine', () => {
  expect(localPath('./x', '/home/lisa')).toBe('/home/lisa/x')
  expect(localPath('../in/', '/home/lisa')).toBe('/home/in/')
  expect(localPath('.', '/home/lisa')).toBe('/home/lisa')
  expect(localPath('./', '/home/lisa')).toBe('/home/lisa/')
  expect(localPath('./a.%04d.exr[1-9]', '/x')).toBe('/x/a.%04d.exr[1-9]')
})

test('everything else is for the server to read', () => {
  const texts = [
    'rushes',
    '/mnt/a',
    '~/a',
    'volume=storage/',
    'lisa@x.se:/in/',
    '.hidden',
    '..a',
    'C:\\x',
    'hq:',
  ]
  for (const text of texts) expect(localPath(text, '/home/lisa')).toBe(text)
})

test('plain relative paths could be meant as local', () => {
  expect(['rushes', 'a/b', '.hidden'].map(looksLocal)).toEqual([true, true, true])
  expect(['./a', '/a', '~/a', 'volume=a', 'lisa@x:a', 'C:\\a', 'hq:a'].some(looksLocal)).toBe(false)
})
