import { type ErrorCode, HoldfastError } from '../model/errors.ts'
import type { Contender, LeasedWork, Leases } from './leases.ts'
import type { OpenNamespace } from './namespace.ts'
import type { OpenOptions } from './options.ts'

/** Sources and schema of one namespace, as this process loads them. */
export type BaseOptions = Pick<OpenOptions, 'sources' | 'schema' | 'replaceSources'>

/** A namespace whose sources this process loads whenever no other node does. */
export interface GivenNamespace extends OpenNamespace {
  /** Why it goes on without the sources it was given, in words without values; undefined where it does not. */
  reason(): string | undefined
  /** Tries again what could not be loaded. */
  retry(): Promise<void>
}

export interface GivenOptions {
  readonly opened: OpenNamespace
  readonly given: OpenOptions & Required<Pick<OpenOptions, 'log'>>
  readonly leases: Pick<Leases, 'contend'>
}

/** Loads what a namespace was given, or leaves that to the node that does. A source that cannot be loaded stops nothing; it is tried again. */
export async function withGiven({ opened, given, leases }: GivenOptions): Promise<GivenNamespace> {
  const name = opened.parts.namespace
  let reason: string | undefined
  let retry = async (): Promise<void> => undefined
  const settle = (): void => {
    reason = undefined
    retry = async () => undefined
  }
  const work: LeasedWork = {
    async begin(tenure) {
      settle()
      try {
        await opened.adopt(given, tenure)
      } catch (error) {
        if (!isAboutSources(error)) throw error
        reason = `namespace ${name} goes on as it was stored: its sources or its schema could not be loaded`
        given.log.warn({ namespace: name, error: error.message }, reason)
        retry = async () => {
          await opened.adopt(given, tenure)
          settle()
          given.log.info({ namespace: name }, `namespace ${name} has its sources`)
        }
      }
    },
    async end() {
      settle()
      await opened.abandon()
    },
  }
  const contender: Contender = await leases.contend(`sources:${name}`, work)
  return {
    ...opened,
    loads: () => contender.fence() !== undefined,
    reason: () => reason,
    retry: () => retry(),
    async reload(by) {
      if (contender.fence() === undefined) await contender.seize(by.who.lease)
      else await retry()
      try {
        return await opened.reload(by)
      } catch (error) {
        if (!HoldfastError.is(error, 'fenced')) throw error
        await contender.seize(by.who.lease) // another has taken it, which this node had not heard yet
        return opened.reload(by)
      }
    },
    async close() {
      await contender.close()
      await opened.close()
    },
  }
}

/** What a file, a URL or a schema can be wrong about while the server goes on. */
const ABOUT_SOURCES: ReadonlySet<ErrorCode> = new Set([
  'source',
  'syntax',
  'invalid',
  'not-found',
  'malformed',
  'too-large',
  'key',
])

const isAboutSources = (error: unknown): error is HoldfastError =>
  error instanceof HoldfastError && ABOUT_SOURCES.has(error.code)
