import { HoldfastError } from '../model/errors.ts'

/** Refuses what was typed: one line says what is wrong, the next how to mend it. */
export function refuse(wrong: string, mend: string): never {
  throw new HoldfastError('malformed', `${wrong}\n${mend}`, { what: 'usage' })
}
