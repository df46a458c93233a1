/**
 * How endpoints and paths are written: `<party>:<path>`, where either may be absent.
 *
 *     party    = "hq" | workspace code | email [ "@" host name ]
 *              | ( "workspace" | "user" | "site" | "client" ) ( "=" | ":" ) code or id
 *     path     = share | "~" [ "/" names ] | absolute | relative
 *     share    = ( "volume" | "folder" | "home" | "collection" | "delivery" | "share" ) ( "=" | ":" )
 *                ( code or id | "(default)" ) [ "/" names ]
 *     absolute = "/" names | drive ":\" names | "\\" server "\" share "\" names
 *     relative = [ "./" ] names
 *     names    = name { "/" name } [ "/" ]; "\" separates, too, where a path is a Windows one
 *
 * A single letter before a colon is a drive, never a party. A relative path that looks like something else (a
 * file called `hq` or `12:30.mov`) is written with `./` in front.
 */
export type Party =
  /** The main site; `name` is `hq`, the workspace's code or its id. */
  | { readonly kind: 'workspace'; readonly name: string }
  /** `user` is an email or an id; with `host` that machine, else the one that was seen last. */
  | { readonly kind: 'user'; readonly user: string; readonly host?: string }
  | { readonly kind: 'site'; readonly site: string }
  | { readonly kind: 'client'; readonly client: string }

export const shareNotations = ['volume', 'folder', 'home', 'collection', 'delivery', 'share'] as const
/** `share` stands for any of the others. */
export type ShareNotation = (typeof shareNotations)[number]

/** The code that names the default volume. */
export const defaultVolume = '(default)'

interface Names {
  /** Names from the top down; never `.`, `..` or empty. None: the top itself. */
  readonly names: readonly string[]
  /** It ended in a slash, or is a top: as a destination, a directory to put the source into. */
  readonly directory: boolean
  /** What the last name means as a numbered sequence; absent when it is none. */
  readonly sequence?: Sequence
}

export type PathNotation =
  | (Names & { readonly kind: 'share'; readonly share: ShareNotation; readonly code: string })
  /** Beneath the caller's own home. */
  | (Names & { readonly kind: 'home' })
  /** `root` is `/`, `C:\` or `\\server\share\`. */
  | (Names & { readonly kind: 'absolute'; readonly root: string })
  /** Beneath the default volume, or whatever the party makes of it. */
  | (Names & { readonly kind: 'relative' })

export interface PathText {
  readonly party: Party | undefined
  readonly path: PathNotation | undefined
}

/** Files numbered from `first` to `last`, both included: `movie.%04d.jpg[100-167]`. */
export interface Sequence {
  readonly prefix: string
  readonly suffix: string
  /** Digits, filled up with zeros. */
  readonly digits: number
  readonly first: number
  readonly last: number
}
