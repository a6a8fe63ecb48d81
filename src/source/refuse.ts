import { HoldfastError } from '../model/errors.ts'

/** A source that cannot be read: `shown` is what people know it by. */
export function refuseSource(shown: string, why: string, cause?: unknown): never {
  throw new HoldfastError('source', `${shown}: ${why}`, { source: shown }, cause === undefined ? {} : { cause })
}

/** The system's word for an error: `ENOENT`, `ECONNREFUSED`, … */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'no code'
