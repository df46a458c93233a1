import { describe, expect, it } from 'vitest'
import { tempDirectory } from '../../../../testkit/src/temp.js'
import { Identity } from '../state/identity.js'
import { checkTrust, plainFingerprint } from './trust.js'

const first = 'AA:'.repeat(31).concat('AA')
const second = 'BB:'.repeat(31).concat('BB')
const server = 'waybill.example.com:443'

const identity = (directory = tempDirectory('trust')) => Identity.load(directory, () => undefined)
const shows = (fingerprint: string, verified = false) => ({ server, fingerprint, verified })

describe('whom an agent trusts', () => {
  it('keeps to the first certificate that it saw, also after a restart', async () => {
    const directory = tempDirectory('trust')
    await checkTrust(shows(first), undefined, await identity(directory))
    const later = await identity(directory)
    await checkTrust(shows(first), undefined, later)
    await expect(checkTrust(shows(second), undefined, later)).rejects.toThrow(
      `--fingerprint ${plainFingerprint(second)}`,
    )
    // Accepted once by hand, it is the one from then on.
    await checkTrust(shows(second), `sha256:${second.toLowerCase()}`, later)
    await checkTrust(shows(second), undefined, await identity(directory))
  })

  it('takes what was demanded and nothing else', async () => {
    await expect(checkTrust(shows(first, true), second, await identity())).rejects.toThrow('not the one')
    await checkTrust(shows(second), second, await identity())
  })

  it('does not fall back to an unknown certificate where authorities vouched for the last', async () => {
    const known = await identity()
    await checkTrust(shows(first, true), undefined, known)
    await checkTrust(shows(second, true), undefined, known)
    await expect(checkTrust(shows(second), undefined, known)).rejects.toThrow('no authority')
  })
})
