import {
  defaultOptions,
  type Filter,
  type GivenOptions,
  parseFilters,
  printFilters,
  readReserve,
  readWords,
  type SessionTask,
  settings,
  type TaskOptions,
  taskOptions,
} from '@waybill/api'
import * as v from 'valibot'
import { translate } from '../query/regex/python.js'
import { type EffectiveSettings, numberSetting, switchSetting, wordSetting } from './effective-settings.js'

/** What agents are told about how to copy a task. */
export type CopyWords = Pick<SessionTask, 'include' | 'exclude' | 'options'>

const known = new WeakMap<EffectiveSettings, CopyWords>()

/** The part of settings that agents act on, in their words. Tasks with the same settings get the same answer. */
export function copyWords(values: EffectiveSettings): CopyWords {
  let words = known.get(values)
  if (words === undefined) {
    const options = givenOptions(values)
    words = {
      include: agentFilters(values.transfer_include),
      exclude: agentFilters(values.transfer_exclude),
      ...(Object.keys(options).length === 0 ? {} : { options }),
    }
    known.set(values, words)
  }
  return words
}

/** The options that differ from the usual ones. What somebody wrote that makes no sense counts as the default. */
function givenOptions(values: EffectiveSettings): GivenOptions {
  const from = Math.max(0, Math.round(numberSetting(values, 'transfer_resume_min_size') * 1e6))
  const wanted: Record<keyof TaskOptions, unknown> = {
    mode: wordSetting(values, 'transfer_mode'),
    comparison: wordSetting(values, 'transfer_comparison'),
    ignoreExisting: wordSetting(values, 'transfer_ignore_existing') === 'file',
    resumeFrom: switchSetting(values, 'transfer_resume') ? from : null,
    attributes: attributesOf(readWords(values.transfer_attributes)),
    reserve: readReserve(values.transfer_reserved_space) ?? defaultOptions.reserve,
    delta: wordSetting(values, 'transfer_delta'),
    trash: trashOf(values),
    settle: numberSetting(values, 'transfer_settle_s'),
    manifest: manifestOf(wordSetting(values, 'transfer_manifest')),
    mhl: mhlOf(wordSetting(values, 'transfer_mhl')),
    dryRun: false,
  }
  const given = Object.entries(wanted).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(usual[name]),
  )
  const parsed = v.safeParse(taskOptions, Object.fromEntries(given))
  return parsed.success ? parsed.output : {}
}

function trashOf(values: EffectiveSettings): TaskOptions['trash'] {
  if (wordSetting(values, 'transfer_trash') === 'none') return { kind: 'none' }
  const days = numberSetting(values, 'transfer_trash_days')
  return days < 0 ? { kind: 'forever' } : { kind: 'days', days }
}

const usual: Readonly<Record<string, unknown>> = defaultOptions

function manifestOf(word: string): string {
  if (word === 'false') return 'none'
  return word === 'true' ? 'transferred' : word
}

function mhlOf(word: string): string | null {
  if (word === 'false') return null
  return word === 'true' ? 'xxh128' : word
}

/** In one order, so that what is usual is known as such however it was written. */
function attributesOf(words: readonly string[]): readonly string[] {
  return settings.transfer_attributes.type.values.filter((word) => words.includes(word))
}

/**
 * Filters as agents take them: expressions, which people write in Python's dialect, in that of RE2. Filters that
 * cannot be read are handed on as they are; the agent fails the task with the reason.
 */
export function agentFilters(text: string): string {
  try {
    return printFilters(parseFilters(text).map(translated))
  } catch {
    return text
  }
}

function translated(filter: Filter): Filter {
  if (filter.kind !== 'regex') return filter
  // A quote would end the expression too early for whoever reads the list.
  const pattern = translate(filter.pattern).re2.replace(
    /(\\[\s\S])|'/g,
    (found, escaped: string | undefined) => (found === "'" || escaped === "\\'" ? '\\x27' : found),
  )
  return { ...filter, pattern }
}
