import { type Claim, claimTarget } from './copy-claim.ts'
import { countRows, readTails, requireEqual, requireSameSince } from './copy-equal.ts'
import type { Copy } from './copy-parts.ts'
import { copyPass } from './copy-pass.ts'
import type { Driver, Reader } from './driver.ts'
import { readMetadata, readNamespaces } from './read.ts'
import { setMetadata } from './upkeep.ts'

export interface CopyOptions {
  /** Leaves the source in use as it was. */
  readonly keepSource: boolean
  /** Looks at the whole copy, of one moment, while the source goes on being used; rejects where it is not good. */
  readonly check?: () => Promise<void>
  readonly onProgress?: (done: number, total: number) => void
  readonly now?: () => Date
}

export interface CopyReport {
  readonly namespaces: number
  readonly versions: number
  readonly history: number
  /** What the target holds. */
  readonly bytes: number
  /** How long writers were kept waiting. */
  readonly switchMs: number
}

/** Rows that are few enough to be copied while writers wait, and passes after which it is done anyway. */
const FEW = 500
const MOST_PASSES = 10

/**
 * Copies a store into another database while it is used: pass after pass until little is left; then writers are kept out, the rest is copied and
 * compared, and the source says where it has moved. Cut at any point, it goes on from there when it is called again.
 */
export async function copyStore(source: Driver, target: Driver, options: CopyOptions): Promise<CopyReport> {
  const { onProgress = () => undefined, now = () => new Date() } = options
  const claim = await claimTarget(source, target, now)
  const total = await countRows(source)
  let done = await countRows(target)
  const onRows = (count: number) => {
    done += count
    onProgress(done, Math.max(done, total))
  }
  const copying = new Copying({ source, target, claim, onRows })
  const switchMs = claim.hasMoved ? await copying.goOn() : await copying.move(options, now)
  await claim.finish()
  onProgress(done, done)
  return { ...(await reportOf(target)), switchMs }
}

interface Parts {
  readonly source: Driver
  readonly target: Driver
  readonly claim: Claim
  readonly onRows: Copy['onRows']
}

class Copying {
  readonly #parts: Parts
  #level: number
  #isFirst = true
  /** What had been copied when the whole copy was looked at. */
  #checked: ReadonlyMap<string, number> | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    this.#level = parts.claim.level
  }

  /** Copies while others write, has the copy looked at, and switches; tells how long writers waited. */
  async move({ keepSource, check }: CopyOptions, now: () => Date): Promise<number> {
    await this.#catchUp()
    if (check !== undefined) {
      await this.#parts.source.read((reader) => this.#pass(reader))
      this.#checked = await readTails(this.#parts.target)
      await check()
      await this.#catchUp()
    }
    return this.#switch(keepSource, now)
  }

  /** The source has moved here, and its copy was not finished: nobody writes there any more. */
  async goOn(): Promise<number> {
    await this.#parts.source.read((reader) => this.#complete(reader))
    return 0
  }

  async #catchUp(): Promise<void> {
    for (let passes = 0; passes < MOST_PASSES; passes++) if ((await this.#pass(this.#parts.source)) <= FEW) return
  }

  async #pass(source: Reader): Promise<number> {
    const { claim, onRows } = this.#parts
    const rows = await copyPass({ source, target: claim, onRows }, { level: this.#level, isFirst: this.#isFirst })
    this.#level = await claim.keepLevel()
    this.#isFirst = false
    return rows
  }

  async #switch(keepSource: boolean, now: () => Date): Promise<number> {
    const { source, target } = this.#parts
    let start = 0
    await source.transaction(
      async (tx) => {
        start = performance.now()
        await this.#complete(tx)
        if (!keepSource) await setMetadata(tx, 'moved_to', target.name, now().toISOString())
      },
      { happened: (reader) => (keepSource ? Promise.resolve(true) : hasMoved(reader)), isLong: true },
    )
    return performance.now() - start
  }

  /** Copies what is left of a source that does not change, and compares. */
  async #complete(reader: Reader): Promise<void> {
    const { source, target, claim } = this.#parts
    await this.#pass(reader)
    const counters = await (await source.counters()).read(reader)
    const counting = await target.counters()
    await claim.write((tx) => counting.raise(tx, counters))
    await requireEqual(reader, target, target.name)
    if (this.#checked !== undefined) await requireSameSince(reader, target, target.name, this.#checked)
  }
}

async function hasMoved(reader: Reader): Promise<boolean> {
  return (await readMetadata(reader)).has('moved_to')
}

const COUNTS = `
SELECT (SELECT count(*) FROM version_log) AS versions, (SELECT count(*) FROM config_history) AS history`

async function reportOf(target: Driver): Promise<Omit<CopyReport, 'switchMs'>> {
  const [counts] = await target.query<{ versions: number; history: number }>(COUNTS)
  const { bytes } = await target.sizes()
  return { namespaces: (await readNamespaces(target)).length, ...counts!, bytes }
}
