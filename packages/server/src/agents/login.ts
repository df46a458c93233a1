import type { Authenticator } from '../access/authenticate.js'
import type { Clock } from '../context.js'
import type { Store } from '../store/store.js'
import type { Authenticate } from './create-hub.js'

/** Lets agents in by the same headers, and the same rules, as calls of the API. */
export function agentLogin(store: Store, authenticator: Authenticator, clock: Clock): Authenticate {
  return async (headers, remoteAddress) => {
    const { caller, workspace } = await authenticator.authenticate(headers, remoteAddress, clock.now())
    return { caller, workspace, store: store.workspace(workspace.id) }
  }
}
