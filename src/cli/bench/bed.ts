import type { ChangeRequest, Config, Provenance } from '../../model/config.ts'
import type { Task } from './measure.ts'

/** What is measured: a namespace of a store or of a server. */
export interface Bed extends AsyncDisposable {
  /** Makes one change, which is durable when this resolves. */
  change(lane: number, request: ChangeRequest & Provenance): Promise<unknown>
  /** The configuration as a service has it, in memory and following, over a connection of its own. */
  watcher(): Promise<Config>
  /** What else is read of it: over HTTP. */
  reads(): Promise<readonly Task[]>
  /** The least that anything here can take; none where it cannot be had. */
  readonly floor: Task | undefined
}
