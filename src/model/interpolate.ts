import { HoldfastError } from './errors.ts'

/** Where `${…}` finds its answers. */
export interface Lookup {
  /** An environment variable. */
  variable(name: string): string | undefined
  /** The text of the configuration's value at a path, itself not yet resolved. */
  value(path: string): string | undefined
}

const REFERENCE = /\$\$\{|\$\{([^{}]*)\}/g
const DEPTH = 16
const LENGTH = 1024 * 1024
const REFERENCES = 10_000

/**
 * Resolves `${NAME}`, `${NAME:-default}` and `${section.key}` in `text`; `$${` stands for `${`. A name with a dot is a path, any other an
 * environment variable, whose default holds where it is unset or empty, as in POSIX shells (XCU 2.6.2). Refuses (`not-found`) a name
 * that has no answer, and circles.
 */
export function interpolate(text: string, lookup: Lookup): string {
  return resolve(text, { lookup, answered: 0 }, 0)
}

/** `answered` bounds the work of references that multiply at each level and say nothing. */
interface Walk {
  readonly lookup: Lookup
  answered: number
}

function resolve(text: string, walk: Walk, depth: number): string {
  if (!text.includes('${')) return text
  if (depth >= DEPTH) throw malformed('references nest too deep, or in a circle')
  const resolved = text.replace(REFERENCE, (whole: string, body: string | undefined) =>
    body === undefined ? '${' : answer(body, whole, walk, depth),
  )
  if (resolved.length > LENGTH) throw malformed(`a resolved text is longer than ${LENGTH} characters`)
  return resolved
}

function answer(body: string, whole: string, walk: Walk, depth: number): string {
  if (++walk.answered > REFERENCES) throw malformed(`a text takes more than ${REFERENCES} references to resolve`)
  const [, name = body, fallback] = /^(.*?):-(.*)$/s.exec(body) ?? []
  if (name.includes('.')) {
    const value = walk.lookup.value(name)
    if (value !== undefined) return resolve(value, walk, depth + 1)
  } else {
    const value = walk.lookup.variable(name)
    if (value !== undefined && (value !== '' || fallback === undefined)) return value
  }
  if (fallback !== undefined) return fallback
  throw new HoldfastError(
    'not-found',
    `${whole} has no answer: ${name.includes('.') ? 'no such key' : 'the variable is not set'}`,
    {
      what: name,
    },
  )
}

const malformed = (message: string): HoldfastError => new HoldfastError('malformed', message, { what: '${…}' })
