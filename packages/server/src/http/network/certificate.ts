import { X509Certificate } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'

export interface Certificate {
  readonly cert: string
  readonly key: string
  /** SHA-256 of the certificate in DER, as upper-case hex pairs with colons. */
  readonly fingerprint: string
}

const LIFETIME_YEARS = 20

/**
 * The certificate in `directory`, made on first use. Clients do not verify it, or know it by its fingerprint;
 * so it is never renewed by itself. To use one of your own, put `cert.pem` and `key.pem` there.
 */
export async function loadCertificate(directory: string, now: number): Promise<Certificate> {
  const certPath = join(directory, 'cert.pem')
  const keyPath = join(directory, 'key.pem')
  const found = await readPair(certPath, keyPath)
  if (found !== undefined) return found
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const made = await make(now)
  // The key first: a pair of which one half is missing is made anew.
  await writePrivate(keyPath, made.key)
  await writePrivate(certPath, made.cert)
  return made
}

async function readPair(certPath: string, keyPath: string): Promise<Certificate | undefined> {
  try {
    const [cert, key] = await Promise.all([readFile(certPath, 'utf8'), readFile(keyPath, 'utf8')])
    return { cert, key, fingerprint: fingerprintOf(cert) }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

async function make(now: number): Promise<Certificate> {
  const notAfterDate = new Date(now)
  notAfterDate.setUTCFullYear(notAfterDate.getUTCFullYear() + LIFETIME_YEARS)
  const made = await generate([{ name: 'commonName', value: 'waybill' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    // A day back, for machines whose clocks are late.
    notBeforeDate: new Date(now - 86_400_000),
    notAfterDate,
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: alternativeNames() },
    ],
  })
  return { cert: made.cert, key: made.private, fingerprint: fingerprintOf(made.cert) }
}

function alternativeNames() {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  // Link-local addresses with a zone are no addresses to a certificate.
  const ips = addresses.map(({ address }) => address).filter((address) => !address.includes('%'))
  const names = new Set(['localhost', hostname()])
  return [
    ...[...names].map((value) => ({ type: 2 as const, value })),
    ...[...new Set(['127.0.0.1', '::1', ...ips])].map((ip) => ({ type: 7 as const, ip })),
  ]
}

function fingerprintOf(cert: string): string {
  return new X509Certificate(cert).fingerprint256
}

async function writePrivate(path: string, content: string): Promise<void> {
  await writeFile(`${path}.new`, content, { mode: 0o600 })
  await rename(`${path}.new`, path)
}
