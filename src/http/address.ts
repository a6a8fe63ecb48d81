import { HoldfastError } from '../model/errors.ts'
import { PATHS, type RouteName } from '../wire/paths.ts'

const LONGEST = 8192

/** A template of `PATHS` as the router writes it. */
export const routerPath = (template: string): string => template.replace(/\{(\w+)\}/g, ':$1')

/** What an address of a template looks like before anything is decoded: its own letters, and one segment for each parameter. */
const spelling = (template: string): RegExp =>
  new RegExp(`^${template.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`)

const SPELLINGS: ReadonlyMap<RouteName, RegExp> = new Map(
  Object.entries(PATHS).map(([name, [, template]]) => [name as RouteName, spelling(template)]),
)

/** The path of a request's target, as it came. */
export function pathOf(target: string): string {
  const end = target.indexOf('?')
  return end === -1 ? target : target.slice(0, end)
}

/** True where `target` names the route by its own spelling, and not by one that only decoding turns into it. */
export const isSpelledAs = (name: RouteName, target: string): boolean => SPELLINGS.get(name)!.test(pathOf(target))

/** The methods that an address has; none where there is no such address. */
export function methodsOf(target: string): readonly string[] {
  const path = pathOf(target)
  const found = new Set<string>()
  for (const [name, pattern] of SPELLINGS) {
    if (!pattern.test(path)) continue
    const [method] = PATHS[name]
    found.add(method)
    if (method === 'GET' && name !== 'watch') found.add('HEAD')
  }
  return found.size === 0 ? [] : [...found, 'OPTIONS']
}

/** True for what lies under `/api`, also where somebody spells it so that only a careless router would think so. */
export const isUnderApi = (target: string): boolean => /^\/+(?:\.\/+)*api(?:\/|$)/i.test(decoded(pathOf(target)))

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** Refuses a target that is no plain path and query: absolute, too long, with a fragment, or not percent-encoded UTF-8. */
export function checkTarget(target: string): void {
  if (target.length > LONGEST)
    throw malformed(`the address has ${target.length} characters, of which ${LONGEST} are allowed`)
  if (!target.startsWith('/')) throw malformed('the address is not a path that begins with /')
  if (target.includes('#')) throw malformed('the address has a fragment, which belongs to the browser')
  if (!target.includes('%')) return
  if (decodes(target)) return
  throw malformed('the address is not percent-encoded UTF-8')
}

function decodes(target: string): boolean {
  try {
    return !decodeURIComponent(target).includes('\0')
  } catch {
    return false
  }
}

const malformed = (message: string) => new HoldfastError('malformed', message, { what: 'address' })

/** Reads a query: `+` and percent-encoding undone, a name that comes more than once as a list. Made for targets that `checkTarget` let through. */
export function parseQuery(query: string): Record<string, string | string[]> {
  const found: Record<string, string | string[]> = Object.create(null)
  for (const [name, value] of new URLSearchParams(query)) {
    const before = found[name]
    if (before === undefined) found[name] = value
    else if (Array.isArray(before)) before.push(value)
    else found[name] = [before, value]
  }
  return found
}
