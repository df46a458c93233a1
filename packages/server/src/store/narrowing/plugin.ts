import type {
  KyselyPlugin,
  PluginTransformQueryArgs,
  PluginTransformResultArgs,
  QueryResult,
  RootOperationNode,
  UnknownRow,
} from 'kysely'
import { WorkspaceTransformer } from './transformer.js'

/**
 * Narrows every query that is built with kysely to one workspace: reads, changes and deletes see its rows
 * only, inserts get its id, and a query that cannot be narrowed is refused, whatever it is. See
 * transformer.ts for how.
 */
export class WorkspacePlugin implements KyselyPlugin {
  readonly #workspace: string

  constructor(workspace: string) {
    this.#workspace = workspace
  }

  transformQuery(args: PluginTransformQueryArgs): RootOperationNode {
    return new WorkspaceTransformer(this.#workspace).transformNode(args.node, args.queryId)
  }

  transformResult(args: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return Promise.resolve(args.result)
  }
}
