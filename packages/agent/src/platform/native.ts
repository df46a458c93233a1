import { createRequire } from 'node:module'

/** What a call of the C library takes: numbers, text that ends with NUL, or memory. */
export type NativeValue = number | bigint | string | Buffer | null

/** One function of the C library; answers with what it returns. */
export type NativeCall = (...values: NativeValue[]) => number

/** The same in a thread of the pool that node:fs uses, for calls that take long. */
export type SlowNativeCall = (...values: NativeValue[]) => Promise<number>

/** The C library of this process, for what node:* has no call for. */
export interface CLibrary {
  /**
   * Finds a function by its prototype, as in `int fsync(int fd)`; undefined when the library has none of that name.
   * Integers of 64 bits come back as numbers.
   */
  find(prototype: string): NativeCall | undefined
  /** The same for a call that may take long; what `errno` says then is of no use. */
  findSlow(prototype: string): SlowNativeCall | undefined
  /** The error number that the last call left, in this thread; to be asked for right after it. */
  errno(): number
}

/** Where the C library is, likeliest first. Windows has one of its own kind, which nothing here asks for. */
const places: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: ['libc.so.6', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1', 'libc.so'],
  darwin: ['libSystem.B.dylib'],
}

const isOff = process.env.WAYBILL_NATIVE === 'off'
let loaded: { readonly library: CLibrary | undefined } | undefined

/**
 * The C library; undefined where it cannot be reached, or when WAYBILL_NATIVE is `off`. Whoever asks has a way without
 * it: it makes things faster or richer, never possible.
 */
export function cLibrary(): CLibrary | undefined {
  loaded ??= { library: isOff ? undefined : load(places[process.platform] ?? []) }
  return loaded.library
}

/** What this program itself is linked with, Node's OpenSSL among it; undefined as above. */
export function programLibrary(): CLibrary | undefined {
  return isOff ? undefined : load([null])
}

/** Where memory lies; undefined when that cannot be known. It stays there as long as it is used. */
export function addressOf(memory: Buffer): bigint | undefined {
  return isOff ? undefined : requireKoffi()?.address(memory)
}

/** `M_ARENA_MAX` of glibc, and how many heaps the threads of this process share. */
const arenaMax = -8
const arenas = 2

/**
 * Has the threads of this process share heaps of the C library. By itself glibc makes one for each thread, up to 8 for
 * each processor, and what one of them has freed is of no use to the others. Nothing where there is no glibc.
 */
export function fewerArenas(): void {
  if (process.platform === 'linux') cLibrary()?.find('int mallopt(int name, int value)')?.(arenaMax, arenas)
}

function load(names: readonly (string | null)[]): CLibrary | undefined {
  const koffi = requireKoffi()
  if (koffi === undefined) return undefined
  for (const name of names) {
    try {
      const library = koffi.load(name)
      return {
        find: (prototype) => {
          try {
            const call = library.func(prototype)
            return (...values) => Number(call(...values))
          } catch {
            return undefined
          }
        },
        findSlow: (prototype) => {
          try {
            const call = library.func(prototype)
            return (...values) =>
              new Promise((resolve, reject) => {
                call.async(...values, (error: unknown, result: unknown) => {
                  if (error === null) resolve(Number(result))
                  else reject(new Error('A call of the C library could not be made', { cause: error }))
                })
              })
          } catch {
            return undefined
          }
        },
        errno: () => koffi.errno(),
      }
    } catch {
      // Another system keeps it under another name.
    }
  }
  return undefined
}

/** Not imported: an import that fails would take the whole agent along. */
function requireKoffi(): typeof import('koffi') | undefined {
  try {
    return createRequire(import.meta.url)('koffi') as typeof import('koffi')
  } catch {
    return undefined
  }
}
