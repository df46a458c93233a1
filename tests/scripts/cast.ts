import { spawnSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Agent, ControlPlane, ManagedProcess, tempDirectory, type WireClient } from '@waybill/testkit'
import { expect } from 'vitest'

/** Without Python nothing here can run: the tests are skipped, and say so. */
export const hasPython = spawnSync('python3', ['--version']).status === 0

const here = dirname(fileURLToPath(import.meta.url))

interface Person {
  readonly email: string
  readonly key: string
  /** A directory of the person's own machine. */
  readonly local: string
}

/** A studio with an admin, an employee, a vendor with the role standard, and Nora, who is to be invited. */
export interface Cast {
  readonly plane: ControlPlane
  readonly people: Readonly<Record<string, Person>>
}

export async function openCast(): Promise<Cast> {
  // Scripts are held up by the usual limit, which is right, and takes its time.
  const plane = await ControlPlane.start({ args: ['--limit', 'request_rate=2000,request_burst=2000'] })
  const { admin } = plane
  const lisa = await plane.addUser('lisa@example.com', 'employee')
  const tommy = await plane.addUser('tommy@example.com', 'standard')
  const nora = plane.as('nora@example.com', await plane.createKey('nora@example.com'))
  await Promise.all([
    Agent.start({ plane, name: 'desk' }),
    Agent.start({ plane, name: 'lisa-mac', user: lisa }),
    Agent.start({ plane, name: 'tommy-pc', user: tommy }),
    Agent.start({ plane, name: 'stockholm-1', type: 'server' }),
  ])
  // Refused until she is a member.
  new Agent({ plane, name: 'nora-pc', user: nora })
  await mkdir(plane.storage, { recursive: true })
  return {
    plane,
    people: { admin: person(admin), lisa: person(lisa), tommy: person(tommy), nora: person(nora) },
  }
}

export function person({ access }: WireClient): Person {
  return { email: access.user, key: access.apiKey, local: tempDirectory(access.user.split('@')[0]) }
}

/** The variables that scripts read: who they run as, and everything about the cast. */
function environmentOf({ plane, people }: Cast): Record<string, string> {
  const { workspace } = plane.credentials
  return {
    ACCSYN_WORKSPACE: workspace,
    ACCSYN_API_USER: people.admin?.email ?? '',
    ACCSYN_API_KEY: people.admin?.key ?? '',
    PYTHONPATH: here,
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONWARNINGS: 'error::DeprecationWarning',
    WAYBILL_CAST: JSON.stringify({
      hostname: '127.0.0.1',
      port: plane.port,
      http_port: plane.httpPort,
      workspace,
      storage: plane.storage,
      people,
    }),
  }
}

/** Runs a script of this directory, made of unit tests in Python; fails with what it prints. */
export async function runScript(cast: Cast, name: string): Promise<void> {
  const run = new ManagedProcess('python3', ['-m', 'unittest', name], {
    name: `${name}.py`,
    cwd: here,
    env: environmentOf(cast),
  })
  const { code } = await run.exited
  // Python prints its verdict to standard error.
  expect(code, run.stderr).toBe(0)
  expect(run.stderr).toMatch(/Ran [1-9]/)
}

/** Runs a piece of Python; answers with what it prints. */
export async function runPython(
  cast: Cast,
  text: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const run = new ManagedProcess('python3', ['-c', text], {
    name: 'python',
    cwd: here,
    env: { ...environmentOf(cast), ...env },
  })
  const { code } = await run.exited
  expect(code, `${run.stderr}\n${text}`).toBe(0)
  return run.stdout
}
