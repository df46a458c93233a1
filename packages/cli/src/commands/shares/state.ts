import type { Session } from '@waybill/sdk'
import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { printable } from '../../output/printable.js'
import { findOf, type Kind } from './find-share.js'

/** Commands that switch something on and off, and end it: the same for all that has a state. */
export interface StateWords {
  readonly kind: Kind
  /** An example's code. */
  readonly example: string
  /** What disabling does, and what goes with a deletion. */
  readonly disabling: string
  readonly removing: string
}

export function enableCommand(words: StateWords): Command {
  return stateCommand(words, 'enable', `lets a ${words.kind} be used again`, async (session, id) => {
    await session.update(words.kind, id, { status: 'enabled' })
    return 'is enabled'
  })
}

export function disableCommand(words: StateWords): Command {
  return stateCommand(words, 'disable', words.disabling, async (session, id) => {
    await session.update(words.kind, id, { status: 'disabled' })
    return 'is disabled'
  })
}

export function deactivateCommand(words: StateWords): Command {
  return stateCommand(
    words,
    'deactivate',
    `sets a ${words.kind} aside, with all access`,
    async (session, id) => {
      await session.deactivate(words.kind, id)
      return 'is set aside'
    },
  )
}

export function activateCommand(words: StateWords): Command {
  const summary = `brings back a ${words.kind} that was set aside`
  return stateCommand(words, 'activate', summary, async (session, id) => {
    await session.activate(words.kind, id)
    return 'is back'
  })
}

export function removeCommand(words: StateWords): Command {
  return stateCommand(words, 'remove', words.removing, async (session, id) => {
    await session.deleteOne(words.kind, id)
    return 'is deleted'
  })
}

/** Gives another name, as shown. */
export function renameCommand({ kind, example }: StateWords): Command {
  return withAccess(new Command('rename'))
    .summary(`gives a ${kind} another name; its code and path stay`)
    .argument(`<${kind}>`, 'code or id')
    .argument('<name>', 'name as shown')
    .addHelpText('after', `\nExample:\n  waybill ${kind} rename ${example} "Another name"`)
    .action(async (reference: string, name: string, flags: AccessFlags) => {
      await withSession(flags, async (session) => {
        const { id } = await findOf(session, kind, reference)
        await session.update(kind, id, { name })
        process.stdout.write(`${printable(reference)} is called ${printable(name)}.\n`)
      })
    })
}

function stateCommand(
  { kind, example }: StateWords,
  name: string,
  summary: string,
  act: (session: Session, id: string) => Promise<string>,
): Command {
  return withAccess(new Command(name))
    .summary(summary)
    .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)
    .argument(`<${kind}>`, 'code or id')
    .addHelpText('after', `\nExample:\n  waybill ${kind} ${name} ${example}`)
    .action(async (reference: string, flags: AccessFlags) => {
      await withSession(flags, async (session) => {
        const found = await findOf(session, kind, reference)
        process.stdout.write(`${printable(found.code)} ${await act(session, found.id)}.\n`)
      })
    })
}
