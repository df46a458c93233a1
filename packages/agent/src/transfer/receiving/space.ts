import { statfsSync } from 'node:fs'
import type { TaskOptions } from '@waybill/api'
import type { IncomingFile } from '@waybill/asc'
import type { DirectoryHandle } from '../../platform/directories.js'
import { Fault } from '../fault.js'

type Reserve = TaskOptions['reserve']

/**
 * Keeps space free on the disks that a session writes to: a file is claimed before anything of it is asked for,
 * and what was claimed and is not written yet counts as used.
 */
export class Space {
  readonly #claims = new Map<IncomingFile, { device: string; bytes: number }>()
  readonly #claimed = new Map<string, number>()

  /** Throws E#J066 when `bytes` more would leave less than `reserve` on the directory's disk. */
  claim(file: IncomingFile, directory: DirectoryHandle, bytes: number, reserve: Reserve): void {
    const { device } = directory
    const { bavail, blocks, bsize } = statfsSync(directory.self())
    const kept = reserve.kind === 'bytes' ? reserve.bytes : blocks * bsize * reserve.part
    const left = bavail * bsize - (this.#claimed.get(device) ?? 0) - bytes
    if (left < kept) {
      const words = `${megabytes(kept)} MB have to stay free, and ${megabytes(bavail * bsize)} MB are`
      throw new Fault('E#J066', `Not enough space for ${megabytes(bytes)} MB: ${words}`)
    }
    this.#claims.set(file, { device, bytes: 0 })
    this.#change(file, bytes)
  }

  /** So many bytes of a file are on the disk now. */
  wrote(file: IncomingFile, bytes: number): void {
    this.#change(file, -bytes)
  }

  /** The file is settled, one way or the other. */
  release(file: IncomingFile): void {
    this.#change(file, Number.NEGATIVE_INFINITY)
    this.#claims.delete(file)
  }

  #change(file: IncomingFile, by: number): void {
    const claim = this.#claims.get(file)
    if (claim === undefined) return
    const bytes = Math.max(0, claim.bytes + by)
    this.#claimed.set(claim.device, (this.#claimed.get(claim.device) ?? 0) + bytes - claim.bytes)
    claim.bytes = bytes
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)
}

/** Whether anything has to stay free at all. */
export function reserves(reserve: Reserve): boolean {
  return reserve.kind === 'bytes' ? reserve.bytes > 0 : reserve.part > 0
}
