import { randomBytes } from 'node:crypto'
import { type CLibrary, programLibrary } from '../../platform/native.js'
import type { SealKeys } from '../link-keys.js'
import type { Opening, Sealing } from './gcm.js'
import { nodeSealing } from './node-gcm.js'
import { Nonces } from './nonce.js'

/** Of OpenSSL's interface, unchanged since 1.1.0. Pointers are numbers here. */
const prototypes = {
  create: 'int64_t EVP_CIPHER_CTX_new()',
  free: 'void EVP_CIPHER_CTX_free(int64_t context)',
  control: 'int EVP_CIPHER_CTX_ctrl(int64_t context, int type, int length, void *pointer)',
  aes128: 'int64_t EVP_aes_128_gcm()',
  aes256: 'int64_t EVP_aes_256_gcm()',
  beginSeal:
    'int EVP_EncryptInit_ex(int64_t context, int64_t type, void *engine, const void *key, const void *iv)',
  seal: 'int EVP_EncryptUpdate(int64_t context, void *out, void *length, const void *bytes, int count)',
  endSeal: 'int EVP_EncryptFinal_ex(int64_t context, void *out, void *length)',
  beginOpen:
    'int EVP_DecryptInit_ex(int64_t context, int64_t type, void *engine, const void *key, const void *iv)',
  open: 'int EVP_DecryptUpdate(int64_t context, void *out, void *length, const void *bytes, int count)',
  endOpen: 'int EVP_DecryptFinal_ex(int64_t context, void *out, void *length)',
} as const

type Calls = { readonly [Name in keyof typeof prototypes]: NonNullable<ReturnType<CLibrary['find']>> }

const getTag = 0x10
const setTag = 0x11
const tagBytes = 16

let found: { readonly calls: Calls | undefined } | undefined

/** Node's OpenSSL; undefined where it cannot be called, or does not do what it should. */
function openSsl(): Calls | undefined {
  if (found === undefined) {
    const calls = findCalls()
    found = { calls: calls !== undefined && isRight(calls) ? calls : undefined }
  }
  return found.calls
}

function findCalls(): Calls | undefined {
  const library = programLibrary()
  const calls: Partial<Record<string, unknown>> = {}
  for (const [name, prototype] of Object.entries(prototypes)) {
    calls[name] = library?.find(prototype)
    if (calls[name] === undefined) return undefined
  }
  return calls as Calls // complete: every name was just visited
}

/** One message sealed both ways has to come out alike. */
function isRight(calls: Calls): boolean {
  const keys: SealKeys = { algorithm: 'aes-256-gcm', key: randomBytes(32), iv: randomBytes(12) }
  const [header, plain] = [randomBytes(5), randomBytes(100)]
  const [one, other] = [nodeSealing(keys), makeSealing(calls, keys)].map((sealing) => {
    const sealed = Buffer.alloc(plain.length + tagBytes)
    sealing.begin(7, header)
    sealing.update(plain, sealed, 0)
    sealing.finish(sealed, plain.length)
    return sealed
  })
  return one !== undefined && other !== undefined && one.equals(other)
}

export function nativeSealing(keys: SealKeys): Sealing | undefined {
  const calls = openSsl()
  return calls && makeSealing(calls, keys)
}

export function nativeOpening(keys: SealKeys): Opening | undefined {
  const calls = openSsl()
  return calls && makeOpening(calls, keys)
}

/** Where OpenSSL says how much it wrote; as much as it was given. */
const length = Buffer.alloc(4)
const nothing = Buffer.alloc(tagBytes)

function makeSealing(calls: Calls, keys: SealKeys): Sealing {
  const nonces = new Nonces(keys.iv)
  const context = contextOf(calls, calls.beginSeal, keys)
  const sealing: Sealing = {
    begin: (number, header) => {
      demand(calls.beginSeal(context, 0, null, null, nonces.of(number)))
      demand(calls.seal(context, null, length, header, header.length))
    },
    update: (bytes, into, at) => {
      if (bytes.length > 0)
        demand(calls.seal(context, room(into, at, bytes.length), length, bytes, bytes.length))
    },
    finish: (into, at) => {
      demand(calls.endSeal(context, nothing, length))
      demand(calls.control(context, getTag, tagBytes, room(into, at, tagBytes)))
    },
  }
  freed.register(sealing, () => calls.free(context))
  return sealing
}

function makeOpening(calls: Calls, keys: SealKeys): Opening {
  const nonces = new Nonces(keys.iv)
  const context = contextOf(calls, calls.beginOpen, keys)
  const opening: Opening = {
    begin: (number, header) => {
      demand(calls.beginOpen(context, 0, null, null, nonces.of(number)))
      demand(calls.open(context, null, length, header, header.length))
    },
    update: (bytes, into, at) => {
      if (bytes.length > 0)
        demand(calls.open(context, room(into, at, bytes.length), length, bytes, bytes.length))
    },
    finish: (tag) => {
      demand(calls.control(context, setTag, tagBytes, room(tag, 0, tagBytes)))
      return calls.endOpen(context, nothing, length) === 1
    },
  }
  freed.register(opening, () => calls.free(context))
  return opening
}

/** Contexts live as long as what uses them. */
const freed = new FinalizationRegistry((free: () => void) => free())

function contextOf(calls: Calls, begin: Calls['beginSeal'], { algorithm, key }: SealKeys): number {
  const context = calls.create()
  if (context === 0) throw new Error('OpenSSL has no memory')
  if (key.length !== (algorithm === 'aes-256-gcm' ? 32 : 16)) throw new Error('A key of another length')
  const type = algorithm === 'aes-256-gcm' ? calls.aes256() : calls.aes128()
  demand(begin(context, type, null, key, null))
  return context
}

/** OpenSSL writes wherever it is told: nothing goes there that was not looked at. */
function room(into: Buffer, at: number, wanted: number): Buffer {
  if (at < 0 || at + wanted > into.length) throw new RangeError('No room for what is to be written')
  return into.subarray(at, at + wanted)
}

function demand(result: number): void {
  if (result !== 1) throw new Error('OpenSSL refused')
}
