/** The alphabet of base58 without 0, O, I and l, in the order of ASCII, as SMPTE ST 2114 (C4 ID) has it. */
const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const digits = 88

/** The C4 ID of a SHA-512 digest (64 bytes): `c4` and 88 digits of base58. SMPTE ST 2114. */
export function c4OfDigest(digest: Buffer): string {
  let value = BigInt(`0x${digest.toString('hex')}`)
  let text = ''
  for (let at = 0; at < digits; at++) {
    text = (alphabet[Number(value % 58n)] ?? '') + text
    value /= 58n
  }
  return `c4${text}`
}

/** The SHA-512 digest that a C4 ID stands for; undefined when it is none. */
export function digestOfC4(id: string): Buffer | undefined {
  if (id.length !== digits + 2 || !id.startsWith('c4')) return undefined
  let value = 0n
  for (const letter of id.slice(2)) {
    const digit = alphabet.indexOf(letter)
    if (digit === -1) return undefined
    value = value * 58n + BigInt(digit)
  }
  const hex = value.toString(16).padStart(128, '0')
  return hex.length === 128 ? Buffer.from(hex, 'hex') : undefined
}
