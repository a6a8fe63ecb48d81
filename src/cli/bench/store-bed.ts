import { dirname } from 'node:path'
import { openConfig, storePath } from '../../engine/open.ts'
import type { StoreOptions } from '../../engine/options.ts'
import { type Config, isPostgres } from '../../model/config.ts'
import { defined } from '../flags.ts'
import { storeOptions } from '../open.ts'
import type { StoreTarget } from '../target.ts'
import type { Bed } from './bed.ts'
import { openDisk } from './disk.ts'
import type { Task } from './measure.ts'

/** A namespace of a store, as a service has it that embeds Holdfast; each watcher has a connection of its own, as another process would. */
export async function openStoreBed(target: StoreTarget, namespace: string): Promise<Bed> {
  const options = { ...storeOptions(target), ...defined({ actor: target.options.actor }), namespace }
  const config = await openConfig({ ...options, follow: false })
  const folder = folderOf(options)
  const disk = folder === undefined ? undefined : openDisk(folder)
  return {
    change: (_, request) => config.change(request),
    watcher: () => openConfig({ ...options, follow: true }),
    reads: async () => [],
    floor: folder === undefined ? query(config) : disk?.task,
    async [Symbol.asyncDispose]() {
      disk?.close()
      await config.close()
    },
  }
}

/** Where the store's file is; `undefined` for a database on a server. */
function folderOf(options: StoreOptions): string | undefined {
  return isPostgres(options.store ?? '') ? undefined : dirname(storePath(options))
}

/** The way to the database and back: one of the cheapest things that can be asked through the store, and nothing is written. */
const query = ({ versions, version }: Config): Task => ({
  name: 'floor',
  what: 'floor: look-up of a version',
  lanes: 1,
  async run() {
    await versions.get(version!.id)
  },
})
