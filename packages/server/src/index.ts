export { createKey, type KeyInfo, type KeyOptions, listKeys, type NewKey, revokeKey } from './access/keys.js'
export { type RunningServer, type ServerOptions, startServer } from './main.js'
export { openStore, type StoreLocation } from './store/open.js'
export type { Store } from './store/store.js'
