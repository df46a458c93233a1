import type { CollectionFile } from '@waybill/sdk'
import { Command } from 'commander'
import { type AccessFlags, withAccess, withSession } from '../../access/connect.js'
import { badInput } from '../../exit.js'
import { type ListFlags, printList, withJson } from '../../output/list.js'
import { listCommand } from '../admin/list-command.js'
import { findOf } from './find-share.js'
import {
  activateCommand,
  deactivateCommand,
  disableCommand,
  enableCommand,
  removeCommand,
  renameCommand,
} from './state.js'

const words = {
  kind: 'collection',
  example: 'best-of',
  disabling: 'lets a collection be used no more; its jobs wait',
  removing: 'deletes a collection and aborts its jobs; files stay',
} as const

const columns = [
  { head: 'ID', value: ({ id }: CollectionFile) => id },
  { head: 'NAME', value: ({ name }: CollectionFile) => name },
  { head: 'PATH', value: ({ path }: CollectionFile) => path },
]

const add = withAccess(new Command('add'))
  .summary('makes a collection')
  .description('Makes a collection: chosen files of several shares, under one name.')
  .argument('<code>', 'how paths name it: collection=CODE/...')
  .argument('[files...]', 'paths as volume=CODE/..., folder=CODE/..., ~/...')
  .option('--name <name>', 'name as shown; the code when absent')
  .addHelpText(
    'after',
    '\nExample:\n  waybill collection add best-of folder=seagull/take1.mov volume=storage/logo.png',
  )
  .action(
    async (code: string, files: string[], { name, ...flags }: AccessFlags & { readonly name?: string }) => {
      const made = await withSession(flags, (session) =>
        session.create('Collection', { code, name: name ?? code, files }),
      )
      process.stdout.write(`${made.id}  collection=${made.code}/\n`)
    },
  )

const files = withJson(withAccess(new Command('files')))
  .summary('lists what is in a collection')
  .argument('<collection>', 'code or id')
  .addHelpText('after', '\nExample:\n  waybill collection files best-of')
  .action(async (reference: string, flags: AccessFlags & ListFlags) => {
    const found = await withSession(flags, async (session) => {
      const { id } = await findOf(session, 'collection', reference)
      return await session.shares.files(id)
    })
    printList(found, columns, flags)
  })

const put = withAccess(new Command('put'))
  .summary('puts files into a collection')
  .argument('<collection>', 'code or id')
  .argument('<files...>', 'paths as volume=CODE/..., folder=CODE/..., ~/...')
  .addHelpText('after', '\nExample:\n  waybill collection put best-of folder=seagull/take2.mov')
  .action(async (reference: string, paths: string[], flags: AccessFlags) => {
    await withSession(flags, async (session) => {
      const { id, code } = await findOf(session, 'collection', reference)
      const all = await session.shares.addFiles(id, paths)
      process.stdout.write(`${code} has ${all.length} ${all.length === 1 ? 'file' : 'files'} now.\n`)
    })
  })

const take = withAccess(new Command('take'))
  .summary('takes files out of a collection; on the storage they stay')
  .argument('<collection>', 'code or id')
  .argument('<files...>', 'names within the collection, or ids')
  .addHelpText('after', '\nExample:\n  waybill collection take best-of take2.mov')
  .action(async (reference: string, names: string[], flags: AccessFlags) => {
    await withSession(flags, async (session) => {
      const { id, code } = await findOf(session, 'collection', reference)
      const there = await session.shares.files(id)
      const ids = names.map((name) => {
        const file = there.find((one) => one.id === name || one.name === name)
        if (file !== undefined) return file.id
        throw badInput(`${code} has no file "${name}"; "waybill collection files ${code}" shows them`)
      })
      await session.shares.removeFiles(id, ids)
      process.stdout.write(`${code} has ${there.length - new Set(ids).size} files now.\n`)
    })
  })

export const command = new Command('collection')
  .description('Collections: chosen files of several shares, to be shared as one.')
  .addCommand(add)
  .addCommand(listCommand('collection', 'Lists the collections'))
  .addCommand(files)
  .addCommand(put)
  .addCommand(take)
  .addCommand(renameCommand(words))
  .addCommand(enableCommand(words))
  .addCommand(disableCommand(words))
  .addCommand(deactivateCommand(words))
  .addCommand(activateCommand(words))
  .addCommand(removeCommand(words))
