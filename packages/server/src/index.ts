export { issueKey, removePassword, withdrawKey } from './access/by-operator.js'
export { type KeyInfo, type KeyOptions, listKeys, type NewKey } from './access/keys.js'
export {
  addWorkspace,
  listWorkspaces,
  type NewWorkspace,
  type WorkspaceInfo,
} from './access/workspaces.js'
export { type EndpointLimits, parseLimits } from './http/index.js'
export { type RunningServer, type ServerOptions, startServer } from './main.js'
export { openStore, type StoreLocation } from './store/open.js'
export type { Store } from './store/store.js'
