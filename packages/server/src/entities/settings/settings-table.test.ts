import { readFileSync, writeFileSync } from 'node:fs'
import { isSettingName, type SettingDefinition, settingDefinition, settings } from '@waybill/api'
import { expect, it } from 'vitest'

const path = new URL('../../../../../docs/settings.md', import.meta.url)

const marks = { operators: '¹', stricter: '²' }

function row(name: string, definition: SettingDefinition): string {
  const { unit, levels, guard, description, default: usual } = definition
  const places = levels.length === 5 ? 'everywhere' : levels.join(', ')
  const mark = guard === undefined ? '' : ` ${marks[guard]}`
  const { type } = definition
  const words =
    type.kind === 'choice' || type.kind === 'words' ? type.values.map((word) => `\`${word}\``).join(', ') : ''
  const word = type.kind === 'number' && typeof type.also === 'string' ? `, or \`${type.also}\`` : ''
  const range = type.kind === 'number' ? `, ${type.min} to ${type.max}${word}` : ''
  const values = type.kind === 'words' ? `any of ${words}, with commas between` : words || `${unit}${range}`
  return `| \`${name}\`${mark} | ${usual === '' ? '' : `\`${usual}\``} | ${values} | ${places} | ${description} |`
}

it('the documentation has every setting as it is', () => {
  const rows = Object.keys(settings).flatMap((name) =>
    isSettingName(name) ? [row(name, settingDefinition(name))] : [],
  )
  const text = readFileSync(path, 'utf8')
  const head = '| setting | default | values | acts at | what it does |\n| --- | --- | --- | --- | --- |\n'
  const [before = '', rest = ''] = text.split(head)
  const after = rest.slice(rest.indexOf('\n\n') < 0 ? 0 : rest.search(/(^|\n)\n/))
  const wanted = `${before}${head}${rows.join('\n')}\n${after.replace(/^\n*/, '\n')}`
  if (process.env.UPDATE_DOCS === '1') writeFileSync(path, wanted)
  else expect(text).toBe(wanted)
})
