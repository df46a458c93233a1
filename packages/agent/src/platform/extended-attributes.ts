import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import { type ExtendedAttribute, extendedBytes, maxExtended } from '@waybill/asc'
import { type CLibrary, cLibrary } from './native.js'

/** The calls of one system, on descriptors. Each answers like the C function: negative when it failed. */
interface Calls {
  readonly library: CLibrary
  list(fd: number, names: Buffer): number
  get(fd: number, name: string, value: Buffer): number
  set(fd: number, name: string, value: Buffer): number
}

let known: { readonly calls: Calls | undefined } | undefined

function calls(): Calls | undefined {
  known ??= { calls: process.platform === 'darwin' ? macCalls() : linuxCalls() }
  return known.calls
}

/** See listxattr(2), getxattr(2), setxattr(2). */
function linuxCalls(): Calls | undefined {
  const library = process.platform === 'linux' ? cLibrary() : undefined
  const list = library?.find('int64_t flistxattr(int fd, void *list, size_t size)')
  const get = library?.find('int64_t fgetxattr(int fd, const char *name, void *value, size_t size)')
  const set = library?.find(
    'int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)',
  )
  if (library === undefined || list === undefined || get === undefined || set === undefined) return undefined
  return {
    library,
    list: (fd, names) => list(fd, names, names.length),
    get: (fd, name, value) => get(fd, name, value, value.length),
    set: (fd, name, value) => set(fd, name, value, value.length, 0),
  }
}

/** The same with a position and options, and without namespaces: all names are of users, and `user.` is ours. */
function macCalls(): Calls | undefined {
  const library = cLibrary()
  const list = library?.find('int64_t flistxattr(int fd, void *list, size_t size, int options)')
  const get = library?.find(
    'int64_t fgetxattr(int fd, const char *name, void *value, size_t size, uint32_t position, int options)',
  )
  const set = library?.find(
    'int fsetxattr(int fd, const char *name, const void *value, size_t size, uint32_t position, int options)',
  )
  if (library === undefined || list === undefined || get === undefined || set === undefined) return undefined
  return {
    library,
    list: (fd, names) => list(fd, names, names.length, 0),
    get: (fd, name, value) => get(fd, name.slice(ofUsers.length), value, value.length, 0, 0),
    set: (fd, name, value) => set(fd, name.slice(ofUsers.length), value, value.length, 0, 0),
  }
}

const ofUsers = 'user.'
/** Access control lists as Linux keeps them, of files and, for what is made in them, of directories. */
const lists = ['system.posix_acl_access', 'system.posix_acl_default']

/** Whether an attribute is one of those that people give their files. */
export function isOfUser(name: string): boolean {
  return name.startsWith(ofUsers) && name.length > ofUsers.length
}

/** Whether an attribute says who may do what with a file. */
export function isAccessList(name: string): boolean {
  return lists.includes(name)
}

/** Whether extended attributes can be read and set here at all. */
export function knowsExtended(): boolean {
  return calls() !== undefined
}

export interface FoundExtended {
  readonly attributes: readonly ExtendedAttribute[]
  /** Names of those that are too large to be sent, or could not be read. */
  readonly left: readonly string[]
}

const scratch = Buffer.alloc(maxExtended)

/** The attributes of an open file or directory that `wanted` asks for. None where its file system has none. */
export function readExtended(fd: number, wanted: (name: string) => boolean): FoundExtended {
  const attributes: ExtendedAttribute[] = []
  const left: string[] = []
  const system = calls()
  const length = system?.list(fd, scratch) ?? 0
  if (system === undefined || length === 0) return { attributes, left }
  if (length < 0) {
    const none = isUnsupported(system.library.errno())
    return { attributes, left: none ? [] : ['all'] }
  }
  const names = scratch.toString('utf8', 0, length).split('\0')
  for (const plain of names) {
    const name = process.platform === 'darwin' ? `${ofUsers}${plain}` : plain
    if (plain === '' || !wanted(name)) continue
    const size = system.get(fd, name, scratch)
    if (size < 0 && system.library.errno() === gone) continue
    const attribute = { name, value: Buffer.from(scratch.subarray(0, Math.max(size, 0))) }
    if (size >= 0 && extendedBytes([...attributes, attribute]) <= maxExtended) attributes.push(attribute)
    else left.push(name)
  }
  return { attributes, left }
}

/** Sets one attribute of an open file or directory. Throws an error with the code of the system. */
export function setExtended(fd: number, { name, value }: ExtendedAttribute): void {
  const system = calls()
  if (system === undefined) throw failure(constants.errno.ENOTSUP)
  if (system.set(fd, name, value) !== 0) throw failure(system.library.errno())
}

/** It was removed since the names were listed; on macOS ENOATTR, which node:os does not name. */
const gone = process.platform === 'darwin' ? 93 : constants.errno.ENODATA

function isUnsupported(number: number): boolean {
  const { ENOTSUP, EOPNOTSUPP, ENOSYS } = constants.errno
  return number === ENOTSUP || number === EOPNOTSUPP || number === ENOSYS
}

function failure(number: number): Error {
  const code = getSystemErrorName(-number)
  return Object.assign(new Error(code), { code })
}
