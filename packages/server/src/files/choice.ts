import { chooser, parseFilters } from '@waybill/api'
import { re2Engine } from '../query/index.js'
import type { Selection } from './request.js'

/** Whether a name is part of what was asked for. */
export type Choice = (name: string) => boolean

/** The filters of a selection. Throws `bad_request` for those that cannot be used. */
export function choiceOf({ include, exclude }: Selection): Choice {
  return chooser(parseFilters(include), parseFilters(exclude), re2Engine)
}
