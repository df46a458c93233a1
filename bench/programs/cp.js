// @ts-check
import { mkdirSync } from 'node:fs'
import { copying } from './commands.js'

/**
 * What the disk alone allows.
 * @param {string} directory
 * @returns {import('./commands.js').Program}
 */
export function cp(directory) {
  mkdirSync(directory, { recursive: true })
  return {
    name: 'cp (the limit)',
    directory,
    groups: [],
    copy(source, name) {
      return copying('cp', ['-a', '--reflink=never', source, `${directory}/${name}`], `${directory}/${name}`)
    },
  }
}
