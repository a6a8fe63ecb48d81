import { HoldfastError } from '../model/errors.ts'
import { ACTIONS, type Action, type Grant } from '../model/principal.ts'
import { withoutTokens } from './token-text.ts'

const MOST_GRANTS = 50
const MOST_PATTERNS = 100
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/
const NAMESPACES = /^(?:\*|[a-z0-9][a-z0-9._-]{0,62}\*?)$/
const SECTIONS = /^(?:\*|[^*\u0000-\u001f\u007f]{1,255}\*?)$/

/** What may administer the whole store. */
export const ADMIN: readonly Grant[] = Object.freeze([
  Object.freeze({ actions: Object.freeze(['admin'] as const), namespaces: Object.freeze(['*']) }),
])

/** True where the grants let somebody administer the whole store. */
export const isAdmin = (grants: readonly Grant[]): boolean =>
  grants.some(
    ({ actions, namespaces, sections }) =>
      actions.includes('admin') && namespaces.includes('*') && sections === undefined,
  )

/** Refuses a name that could not be typed at a shell or would be a puzzle in a log. */
export function checkTokenName(name: string): string {
  if (typeof name === 'string' && NAME.test(name) && withoutTokens(name) === name) return name
  throw refusal(
    'name',
    `not a name for a token: ${shown(name)}. It begins with a letter or digit and has letters, digits, . _ - and @, 63 at most`,
  )
}

/** The grants as they are kept: checked, without repetitions, frozen. What is not understood is refused, because it could have been a limit. */
export function checkGrants(grants: readonly Grant[]): readonly Grant[] {
  if (!Array.isArray(grants) || grants.length < 1 || grants.length > MOST_GRANTS)
    throw refusal('grants', `a token has 1 to ${MOST_GRANTS} grants: what it may do, and in which namespaces`)
  return Object.freeze(grants.map(checkGrant))
}

const MEMBERS = ['actions', 'namespaces', 'sections']

function checkGrant(grant: Grant): Grant {
  if (grant === null || typeof grant !== 'object') throw refusal('grants', `not a grant: ${shown(grant)}`)
  const unknown = Object.keys(grant).find((member) => !MEMBERS.includes(member))
  if (unknown !== undefined)
    throw refusal('grants', `a grant has actions, namespaces and sections, and no ${shown(unknown)}`)

  const actions = listOf(grant.actions, 'actions', (one) => ACTIONS.includes(one as Action), ACTIONS.join(', '))
  const namespaces = listOf(grant.namespaces, 'namespaces', (one) => NAMESPACES.test(one), FORM)
  if (grant.sections === undefined) return Object.freeze({ actions: inOrder(actions), namespaces })
  const sections = listOf(grant.sections, 'sections', (one) => SECTIONS.test(one), FORM)
  if (actions.includes('admin'))
    throw refusal('sections', 'admin is for whole namespaces: leave its sections out, or allow the actions one by one')
  const isWhole = sections.includes('*')
  return Object.freeze({ actions: inOrder(actions), namespaces, ...(!isWhole && { sections }) })
}

const FORM = 'a name, the beginning of names followed by *, or *'

function listOf(
  given: readonly string[],
  what: string,
  isValid: (one: string) => boolean,
  allowed: string,
): readonly string[] {
  if (!Array.isArray(given) || given.length < 1 || given.length > MOST_PATTERNS)
    throw refusal(what, `a grant needs ${what}, 1 to ${MOST_PATTERNS} of them. Each is one of: ${allowed}`)
  const wrong = given.find((one) => typeof one !== 'string' || !isValid(one))
  if (wrong !== undefined) throw refusal(what, `not one of the ${what}: ${shown(wrong)}. Each is one of: ${allowed}`)
  return Object.freeze([...new Set(given)])
}

const inOrder = (actions: readonly string[]): readonly Action[] =>
  Object.freeze(ACTIONS.filter((one) => actions.includes(one)))

const MOST_SHOWN = 80

const shown = (value: unknown): string => withoutTokens(String(JSON.stringify(value))).slice(0, MOST_SHOWN)

const refusal = (what: string, message: string) => new HoldfastError('malformed', message, { what })
