import type { ShareRow } from './directory.js'

/** A volume whose configured path lies above another path, and the names below it. */
export interface VolumeAbove {
  readonly share: ShareRow
  readonly names: readonly string[]
}

/** The volume with the longest configured path, for whichever system, that an absolute path lies beneath. */
export function volumeAbove(volumes: readonly ShareRow[], path: string): VolumeAbove | undefined {
  const names = namesOf(path)
  let best: { readonly above: VolumeAbove; readonly depth: number } | undefined
  for (const share of volumes) {
    for (const root of configuredPaths(share)) {
      const top = namesOf(root)
      const sameSystem = isWindowsPath(root) === isWindowsPath(path)
      if (!sameSystem || !isAbove(top, names, isWindowsPath(root))) continue
      if (best !== undefined && top.length <= best.depth) continue
      best = { above: { share, names: names.slice(top.length) }, depth: top.length }
    }
  }
  return best?.above
}

function configuredPaths({ path, paths }: ShareRow): string[] {
  const perSystem: unknown = paths === null ? {} : JSON.parse(paths)
  const list: unknown[] = typeof perSystem === 'object' && perSystem !== null ? Object.values(perSystem) : []
  return [path, ...list].filter((root): root is string => typeof root === 'string' && isAbsolute(root))
}

/** Whether a path is written as Windows does, with a drive or a server. */
const isWindowsPath = (path: string): boolean => /^(?:[a-z]:[\\/]|\\\\)/i.test(path)
const isAbsolute = (path: string) => path.startsWith('/') || isWindowsPath(path)

function namesOf(path: string): string[] {
  return path.split(isWindowsPath(path) ? /[\\/]+/ : /\/+/).filter((name) => name !== '')
}

function isAbove(top: readonly string[], names: readonly string[], anyCase: boolean): boolean {
  const same = (a: string, b: string | undefined) =>
    anyCase ? a.toLowerCase() === b?.toLowerCase() : a === b
  return top.length > 0 && top.every((name, i) => same(name, names[i]))
}
