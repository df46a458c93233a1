import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  Agent,
  ControlPlane,
  type Entity,
  killAllProcesses,
  makeFile,
  type PlaneOptions,
  tempDirectory,
  type WireClient,
} from '@waybill/testkit'
import { afterAll } from 'vitest'

/** A control plane with its storage, and the admin's own machine `desk`. */
export interface Studio {
  readonly plane: ControlPlane
  readonly admin: WireClient
  readonly desk: Agent
  /** A directory of the desk. */
  readonly local: string
  /** The directory of the default volume. */
  readonly storage: string
}

export async function openStudio(options: PlaneOptions = {}): Promise<Studio> {
  const plane = await ControlPlane.start(options)
  const desk = await Agent.start({ plane, name: 'desk' })
  return { plane, admin: plane.admin, desk, local: tempDirectory('desk'), storage: plane.storage }
}

/** Everything that a test file starts ends with it. */
export function cleanUpAfterwards(): void {
  afterAll(killAllProcesses)
}

/** Makes a file on the desk; answers with its path. */
export async function deskFile(studio: Studio, name: string, size = 1000): Promise<string> {
  const path = join(studio.local, name)
  await mkdir(join(path, '..'), { recursive: true })
  await makeFile(path, size, name.length + size)
  return path
}

/** Makes a file on the storage; answers with its path within the volume. */
export async function storageFile(studio: Studio, name: string, size = 1000): Promise<string> {
  const path = join(studio.storage, name)
  await mkdir(join(path, '..'), { recursive: true })
  await makeFile(path, size, name.length + size)
  return `volume=storage/${name}`
}

/** Settings that keep a transfer in the middle for as long as a test needs. */
export const slow = { transfer_speedlimit: '8' } as const
/** With `slow`, about four seconds. */
export const slowSize = 32 * 1024 * 1024

/** An upload from the desk that takes some seconds; its file is there. */
export async function slowUpload(studio: Studio, name: string, more: object = {}): Promise<Entity> {
  const path = await deskFile(studio, name, slowSize)
  return studio.admin.create('transfer', {
    source: studio.desk.at(path),
    destination: `volume=storage/slow/${name}`,
    settings: slow,
    ...more,
  })
}

/** A job that waits for nobody and moves nothing until it is set to waiting. */
export async function pausedUpload(studio: Studio, name: string, more: object = {}): Promise<Entity> {
  const path = await deskFile(studio, name)
  return studio.admin.create('transfer', {
    source: studio.desk.at(path),
    destination: `volume=storage/paused/${name}`,
    status: 'paused',
    ...more,
  })
}

/** Numbers and dates as they stand on the wire. */
export const wireDate = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?$/
export const entityId = /^[0-9a-f]{24}$/
export const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
