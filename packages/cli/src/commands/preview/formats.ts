import { addTotals, noTotals, type PreviewAction, type PreviewAmount, type PreviewTotals } from '@waybill/api'
import type { PreviewEntry, PreviewPage, Transfer } from '@waybill/sdk'
import { printable, printableJson } from '../../output/printable.js'
import { formatBytes } from '../../output/units.js'

type Pages = AsyncIterable<PreviewPage>

/** One JSON object, written piece by piece: `{"job", "status", "entries": [...], "totals"}`. */
export async function* previewAsJson({ id, status }: Transfer, pages: Pages): AsyncGenerator<string> {
  let totals = noTotals
  let first = true
  yield `{"job":${JSON.stringify(id)},"status":${JSON.stringify(status)},"entries":[`
  for await (const page of pages) {
    totals = addTotals(totals, page.totals ?? noTotals)
    const lines = page.entries.map((entry) => {
      const start = first ? '\n' : ',\n'
      first = false
      return start + printableJson(JSON.stringify(entry))
    })
    yield lines.join('')
  }
  yield `\n],"totals":${JSON.stringify(totals)}}\n`
}

/** A line for each file and directory, then the sums. */
export async function* previewAsText(job: Transfer, pages: Pages): AsyncGenerator<string> {
  let totals = noTotals
  for await (const page of pages) {
    totals = addTotals(totals, page.totals ?? noTotals)
    yield page.entries.map((entry) => `${lineOf(entry, job)}\n`).join('')
  }
  yield `${sums(totals).join('\n')}\nNothing was changed. (${job.id})\n`
}

const verbs: Readonly<Record<PreviewAction, string>> = {
  new: 'new',
  changed: 'replace',
  unchanged: 'same',
  deleted: 'delete',
  skipped: 'left out',
  failed: 'FAILS',
}

const reasons: Readonly<Record<string, string>> = {
  size: 'another size',
  time: 'another time',
  contents: 'other contents',
  kind: 'no file is there',
  always: 'as always',
}

function lineOf({ action, path, size, why, message }: PreviewEntry, job: Transfer): string {
  const isText = action === 'skipped' || action === 'failed'
  const isDirectory = path.endsWith('/')
  const amount = isText || isDirectory ? '' : formatBytes(size)
  const tail = isText ? `  ${[why, message].filter((part) => part !== '').join(' ')}` : ''
  const because = action === 'changed' ? `  (${reasons[why] ?? why})` : ''
  const shown = path === '' ? job.name : path
  return printable(`${verbs[action].padEnd(9)}${amount.padStart(9)}  ${shown}${because}${tail}`)
}

function sums(totals: PreviewTotals): string[] {
  const { skipped, failed, unlisted } = totals
  const where = totals.trash ? ', into the trash' : ''
  const rows: [string, PreviewAmount, string][] = [
    ['New', totals.new, ''],
    ['To replace', totals.changed, ''],
    ['To delete', totals.deleted, where],
    ['Up to date', totals.unchanged, ''],
  ]
  const lines = rows.map(([head, amount, tail]) => `${`${head}:`.padEnd(12)}${inWords(amount)}${tail}`)
  const [left, lost] = [count(skipped), count(failed)]
  if (left > 0) lines.push(`Left out:   ${left}`)
  if (lost > 0) lines.push(`Fails:      ${lost}`)
  if (unlisted > 0) lines.push(`Not listed: ${unlisted}, since there are so many`)
  return lines
}

function inWords(amount: PreviewAmount): string {
  const { files, directories, bytes } = amount
  const parts = [`${files} ${files === 1 ? 'file' : 'files'}, ${formatBytes(bytes)}`]
  if (directories > 0) parts.push(`${directories} ${directories === 1 ? 'directory' : 'directories'}`)
  return parts.join('; ')
}

function count({ files, directories }: PreviewAmount): number {
  return files + directories
}
