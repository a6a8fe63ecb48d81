import { type ErrorCode, HoldfastError, type Issue } from '../model/errors.ts'
import { type Path, parsePath } from '../model/path.ts'
import { invalid } from './rules.ts'

type Sees = (path: Path) => boolean

const ELSEWHERE: Issue = Object.freeze({
  path: '',
  code: 'elsewhere',
  message: 'something is wrong in sections that you may not read',
})

/** Issues without what they would tell of sections that may not be read: those about these become one without path or words. */
export function shownIssues(issues: readonly Issue[], sees: Sees): readonly Issue[] {
  const shown = issues.filter(({ path }) => path !== '' && sees(parsePath(path))).map((issue) => discreet(issue, sees))
  return shown.length === issues.length ? shown : [...shown, ELSEWHERE]
}

/** Rules whose words speak of the value and the schema alone. Others may quote the rest of the configuration, or be anybody's words. */
const PLAIN_RULES: ReadonlySet<string> = new Set([
  ...['type', 'enum', 'const', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['minLength', 'maxLength', 'pattern', 'format', 'minItems', 'maxItems', 'uniqueItems', 'minProperties'],
  ...['maxProperties', 'required', 'anyOf', 'shadowed', 'unknown-key', 'not-allowed'],
])

function discreet({ path, code, message, allowed, source, didYouMean }: Issue, sees: Sees): Issue {
  const isGuessSeen = didYouMean === undefined || sees(parsePath(didYouMean))
  const words = PLAIN_RULES.has(code) ? withoutAside(message) : `breaks the rule ${code}`
  return {
    path,
    code,
    message: isGuessSeen ? words : words.replace(/; did you mean .*$/s, ''),
    ...(allowed && { allowed }),
    ...(source !== undefined && { source }),
    ...(didYouMean !== undefined && isGuessSeen && { didYouMean }),
  }
}

/** Why a condition asks for something is told in brackets at the end: the condition may be about any section. */
const withoutAside = (message: string): string => message.replace(/ \([^()]*\)$/s, '')

type Retell = { readonly [C in ErrorCode]?: (error: HoldfastError<C>, sees: Sees) => HoldfastError }

/** The refusals whose words or details can name what is in a section. */
const RETELL: Retell = {
  invalid({ details: { issues } }, sees) {
    return invalid(shownIssues(issues, sees))
  },
  conflict(error, sees) {
    const { expected, found, paths } = error.details
    if (paths === undefined) return error
    const seen = paths.filter((path) => sees(parsePath(path)))
    const what = [...seen, ...(seen.length < paths.length ? ['keys that you may not read'] : [])].join(', ')
    return new HoldfastError(
      'conflict',
      `version ${expected} cannot be undone by itself: ${what} changed again after it. Set the value you want, or restore a version`,
      { expected, found, paths: seen },
    )
  },
  key({ details }) {
    return new HoldfastError('key', 'a secret cannot be read or written: its key is not on the server', details)
  },
  syntax({ details }) {
    const { file, line, column } = details
    return new HoldfastError('syntax', `${file}:${line}:${column}: does not parse`, details)
  },
  source({ details }) {
    return new HoldfastError('source', `${details.source} could not be loaded`, details)
  },
}

/** `error` in words that tell of nothing in sections that may not be read. */
export function shownError(error: unknown, sees: Sees): unknown {
  if (!(error instanceof HoldfastError)) return error
  const retell = RETELL[error.code as ErrorCode] as ((error: HoldfastError, sees: Sees) => HoldfastError) | undefined
  return retell === undefined ? error : retell(error, sees)
}
