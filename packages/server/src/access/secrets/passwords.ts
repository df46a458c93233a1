import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { WaybillError } from '@waybill/api'

/** Cost of scrypt (RFC 7914): 2^15 blocks of 8 make 32 MiB and some 60 ms, once per login. */
const cost = { n: 2 ** 15, r: 8, p: 1 } as const
const saltBytes = 16
const hashBytes = 32

const shortest = 10
const longest = 256
const fewestDifferent = 4

/** Several at a time would fill memory and all of Node's worker threads; more than some waiting are an attack. */
const atOnce = 2
const mostWaiting = 64

/** Refuses passwords that would be guessed soon. `email` is whose it is to be. */
export function checkPassword(password: string, email: string): void {
  const words =
    password.length < shortest
      ? `at least ${shortest} characters`
      : password.length > longest
        ? `at most ${longest} characters`
        : new Set(password).size < fewestDifferent
          ? `at least ${fewestDifferent} different characters`
          : password.toLowerCase().includes(email) || email.startsWith(password.toLowerCase())
            ? 'more than the email address'
            : undefined
  if (words !== undefined) throw new WaybillError('bad_request', `A password needs ${words}`)
}

/** `scrypt$n$r$p$salt$hash`, so that the cost can grow without a word from anybody. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes)
  const hash = await derive(password, salt, cost)
  return ['scrypt', cost.n, cost.r, cost.p, salt.toString('base64url'), hash.toString('base64url')].join('$')
}

/**
 * Whether `password` is the one that `stored` was made from. `outgrown` when it should be hashed again, at the
 * cost of today. Without `stored` the answer is no after the same work, so that nobody learns from the time
 * whether there is an account. `rate_limited` when too many are being checked already.
 */
export async function verifyPassword(
  stored: string | null | undefined,
  password: string,
): Promise<{ readonly correct: boolean; readonly outgrown: boolean }> {
  const known = stored === null || stored === undefined ? undefined : parseStored(stored)
  const { n, r, p, salt, hash } = known ?? { ...cost, salt: nobodys, hash: nobodys }
  const derived = await derive(password.slice(0, longest + 1), salt, { n, r, p })
  const same = derived.length === hash.length && timingSafeEqual(derived, hash)
  return { correct: known !== undefined && same, outgrown: n < cost.n || r < cost.r || p < cost.p }
}

const nobodys = Buffer.alloc(hashBytes)

interface Stored {
  readonly n: number
  readonly r: number
  readonly p: number
  readonly salt: Buffer
  readonly hash: Buffer
}

const STORED = /^scrypt\$(\d{1,8})\$(\d{1,3})\$(\d{1,3})\$([\w-]{1,200})\$([\w-]{1,200})$/

/** Throws for what `hashPassword` never wrote: the database was tampered with. */
export function parseStored(text: string): Stored {
  const [, n, r, p, salt = '', hash = ''] = STORED.exec(text) ?? []
  if (hash === '') throw new Error('A stored password cannot be read')
  return {
    n: Number(n),
    r: Number(r),
    p: Number(p),
    salt: Buffer.from(salt, 'base64url'),
    hash: Buffer.from(hash, 'base64url'),
  }
}

const waiting: (() => void)[] = []
let working = 0

async function derive(
  password: string,
  salt: Buffer,
  { n, r, p }: { readonly n: number; readonly r: number; readonly p: number },
): Promise<Buffer> {
  if (waiting.length >= mostWaiting) {
    throw new WaybillError('rate_limited', 'Too many logins at once; please try again')
  }
  if (working >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve))
  else working += 1
  try {
    return await new Promise((resolve, reject) => {
      const options = { N: n, r, p, maxmem: 128 * r * (n + p + 4) }
      scrypt(password.normalize('NFKC'), salt, hashBytes, options, (error, key) => {
        if (error === null) resolve(key)
        else reject(error)
      })
    })
  } finally {
    // The place goes to the next one, or is free.
    const next = waiting.shift()
    if (next === undefined) working -= 1
    else next()
  }
}
